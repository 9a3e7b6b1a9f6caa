package dev.carafe.spi.errors;

/** A bound on time was reached; the message names the stage. On the wire: DEADLINE_EXCEEDED. */
public final class DeadlineExceededException extends DaemonException {
  private static final long serialVersionUID = 1L;

  public DeadlineExceededException(String message) {
    super(message, null);
  }

  public DeadlineExceededException(String message, Throwable cause) {
    super(message, cause);
  }
}
