package dev.carafe.spi.errors;

/** A registry or the kernel refused. On the wire: PERMISSION_DENIED. */
public final class PermissionDeniedException extends DaemonException {
  private static final long serialVersionUID = 1L;

  public PermissionDeniedException(String message) {
    super(message, null);
  }

  public PermissionDeniedException(String message, Throwable cause) {
    super(message, cause);
  }
}
