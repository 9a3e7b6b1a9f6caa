package dev.carafe.spi.errors;

/** A limit was reached: disk, size, count. On the wire: RESOURCE_EXHAUSTED. */
public final class ResourceExhaustedException extends DaemonException {
  private static final long serialVersionUID = 1L;

  public ResourceExhaustedException(String message) {
    super(message, null);
  }

  public ResourceExhaustedException(String message, Throwable cause) {
    super(message, cause);
  }
}
