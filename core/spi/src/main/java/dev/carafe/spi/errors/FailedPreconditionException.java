package dev.carafe.spi.errors;

/** The state of the thing named does not allow the operation. On the wire: FAILED_PRECONDITION. */
public final class FailedPreconditionException extends DaemonException {
  private static final long serialVersionUID = 1L;

  public FailedPreconditionException(String message) {
    super(message, null);
  }

  public FailedPreconditionException(String message, Throwable cause) {
    super(message, cause);
  }
}
