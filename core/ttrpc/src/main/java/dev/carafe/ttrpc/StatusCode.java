package dev.carafe.ttrpc;

/** How a call ended: gRPC's codes, in the order of their numbers. */
public enum StatusCode {
  OK,
  CANCELLED,
  UNKNOWN,
  INVALID_ARGUMENT,
  DEADLINE_EXCEEDED,
  NOT_FOUND,
  ALREADY_EXISTS,
  PERMISSION_DENIED,
  RESOURCE_EXHAUSTED,
  FAILED_PRECONDITION,
  ABORTED,
  OUT_OF_RANGE,
  UNIMPLEMENTED,
  INTERNAL,
  UNAVAILABLE,
  DATA_LOSS,
  UNAUTHENTICATED;

  private static final StatusCode[] ALL = values();

  /** The code of a number; {@link #UNKNOWN} for one that there is not. */
  public static StatusCode of(int number) {
    return number >= 0 && number < ALL.length ? ALL[number] : UNKNOWN;
  }

  /** The number on the wire. */
  public int number() {
    return ordinal();
  }
}
