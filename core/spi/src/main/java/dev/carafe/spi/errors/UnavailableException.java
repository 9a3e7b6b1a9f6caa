package dev.carafe.spi.errors;

/**
 * Busy, locked or out of reach just now; the same call may succeed later. On the wire: UNAVAILABLE.
 */
public final class UnavailableException extends DaemonException {
  private static final long serialVersionUID = 1L;

  public UnavailableException(String message) {
    super(message, null);
  }

  public UnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
