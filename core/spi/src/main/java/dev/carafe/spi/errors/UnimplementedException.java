package dev.carafe.spi.errors;

/** A declined, documented behaviour was asked for. On the wire: UNIMPLEMENTED. */
public final class UnimplementedException extends DaemonException {
  private static final long serialVersionUID = 1L;

  public UnimplementedException(String message) {
    super(message, null);
  }

  public UnimplementedException(String message, Throwable cause) {
    super(message, cause);
  }
}
