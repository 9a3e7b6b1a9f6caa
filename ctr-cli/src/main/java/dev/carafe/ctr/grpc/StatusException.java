package dev.carafe.ctr.grpc;

/** A call that did not end well. */
public final class StatusException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public static final int CANCELLED = 1;
  public static final int UNKNOWN = 2;
  public static final int NOT_FOUND = 5;
  public static final int ALREADY_EXISTS = 6;
  public static final int UNIMPLEMENTED = 12;
  public static final int INTERNAL = 13;
  public static final int UNAVAILABLE = 14;

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
