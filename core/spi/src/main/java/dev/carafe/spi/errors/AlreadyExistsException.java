package dev.carafe.spi.errors;

/**
 * The name or digest is taken; often an ordinary branch rather than an accident. On the wire:
 * ALREADY_EXISTS.
 */
public final class AlreadyExistsException extends DaemonException {
  private static final long serialVersionUID = 1L;

  public AlreadyExistsException(String message) {
    super(message, null);
  }

  public AlreadyExistsException(String message, Throwable cause) {
    super(message, cause);
  }
}
