package dev.carafe.spi.errors;

/**
 * Something outside the daemon said no, in words of its own that clients may look at. Expected, and
 * nothing that the daemon could do about. On the wire: UNKNOWN.
 */
public final class UnknownException extends DaemonException {
  private static final long serialVersionUID = 1L;

  public UnknownException(String message) {
    super(message, null);
  }

  public UnknownException(String message, Throwable cause) {
    super(message, cause);
  }
}
