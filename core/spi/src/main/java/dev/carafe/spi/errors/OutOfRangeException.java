package dev.carafe.spi.errors;

/** An offset lies outside the thing named. On the wire: OUT_OF_RANGE. */
public final class OutOfRangeException extends DaemonException {
  private static final long serialVersionUID = 1L;

  public OutOfRangeException(String message) {
    super(message, null);
  }

  public OutOfRangeException(String message, Throwable cause) {
    super(message, cause);
  }
}
