package dev.carafe.spi.errors;

/** The request cannot be right, whatever the state of the daemon. On the wire: INVALID_ARGUMENT. */
public final class InvalidArgumentException extends DaemonException {
  private static final long serialVersionUID = 1L;

  public InvalidArgumentException(String message) {
    super(message, null);
  }

  public InvalidArgumentException(String message, Throwable cause) {
    super(message, cause);
  }
}
