package dev.carafe.spi.errors;

/** Credentials are missing or wrong. On the wire: UNAUTHENTICATED. */
public final class UnauthenticatedException extends DaemonException {
  private static final long serialVersionUID = 1L;

  public UnauthenticatedException(String message) {
    super(message, null);
  }

  public UnauthenticatedException(String message, Throwable cause) {
    super(message, cause);
  }
}
