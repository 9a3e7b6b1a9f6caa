package dev.carafe.spi.errors;

/** The caller gave up, or the daemon is shutting down. On the wire: CANCELLED. */
public final class CancelledException extends DaemonException {
  private static final long serialVersionUID = 1L;

  public CancelledException(String message) {
    super(message, null);
  }

  public CancelledException(String message, Throwable cause) {
    super(message, cause);
  }
}
