package dev.carafe.spi.errors;

/** The thing named does not exist. On the wire: NOT_FOUND. */
public final class NotFoundException extends DaemonException {
  private static final long serialVersionUID = 1L;

  public NotFoundException(String message) {
    super(message, null);
  }

  public NotFoundException(String message, Throwable cause) {
    super(message, cause);
  }
}
