package dev.carafe.spi.errors;

import org.jspecify.annotations.Nullable;

/**
 * A failure with a defined meaning. Sealed, so that a plugin cannot invent one that nobody handles.
 */
public abstract sealed class DaemonException extends RuntimeException
    permits AbortedException,
        AlreadyExistsException,
        CancelledException,
        DataLossException,
        DeadlineExceededException,
        FailedPreconditionException,
        InvalidArgumentException,
        NotFoundException,
        OutOfRangeException,
        PermissionDeniedException,
        ResourceExhaustedException,
        UnauthenticatedException,
        UnavailableException,
        UnimplementedException,
        UnknownException {
  private static final long serialVersionUID = 1L;

  DaemonException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** The message; never null. */
  @Override
  public String getMessage() {
    String message = super.getMessage();
    return message == null ? "" : message;
  }
}
