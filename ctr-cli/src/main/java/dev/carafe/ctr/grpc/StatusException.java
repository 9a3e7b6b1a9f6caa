package dev.carafe.ctr.grpc;

/** A call that did not end well. */
public final class StatusException extends RuntimeException {
  public static final int OK = 0;
  public static final int CANCELLED = 1;
  public static final int UNKNOWN = 2;
  public static final int NOT_FOUND = 5;
  public static final int ALREADY_EXISTS = 6;
  public static final int RESOURCE_EXHAUSTED = 8;
  public static final int FAILED_PRECONDITION = 9;
  public static final int INTERNAL = 13;
  public static final int UNAVAILABLE = 14;

  private static final long serialVersionUID = 1L;

  private final int code;

  public StatusException(int code, String message) {
    super(message);
    this.code = code;
  }

  /** gRPC's number for what happened. */
  public int code() {
    return code;
  }
}
