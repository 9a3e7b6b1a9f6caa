package dev.carafe.spi.errors;

/** A concurrent change won. On the wire: ABORTED. */
public final class AbortedException extends DaemonException {
  private static final long serialVersionUID = 1L;

  public AbortedException(String message) {
    super(message, null);
  }

  public AbortedException(String message, Throwable cause) {
    super(message, cause);
  }
}
