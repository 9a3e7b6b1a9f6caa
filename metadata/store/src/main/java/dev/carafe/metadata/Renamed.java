package dev.carafe.metadata;

import dev.carafe.spi.errors.AbortedException;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.OutOfRangeException;
import dev.carafe.spi.errors.PermissionDeniedException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnauthenticatedException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.errors.UnknownException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Failures of back ends in the words of their callers: names in a back end never leave the daemon.
 */
final class Renamed {
  private Renamed() {}

  /** Calls a back end; in the message of what it throws, {@code theirs} becomes {@code ours}. */
  static <T extends @Nullable Object> T call(String theirs, String ours, Supplier<T> call) {
    try {
      return call.get();
    } catch (DaemonException e) {
      throw failure(e, theirs, ours);
    }
  }

  static void run(String theirs, String ours, Runnable call) {
    try {
      call.run();
    } catch (DaemonException e) {
      throw failure(e, theirs, ours);
    }
  }

  static DaemonException failure(DaemonException e, String theirs, String ours) {
    String message = e.getMessage().replace(theirs, ours);
    if (message.equals(e.getMessage())) {
      return e;
    }
    return switch (e) {
      case AbortedException _ -> new AbortedException(message, e);
      case AlreadyExistsException _ -> new AlreadyExistsException(message, e);
      case CancelledException _ -> new CancelledException(message, e);
      case DataLossException _ -> new DataLossException(message, e);
      case DeadlineExceededException _ -> new DeadlineExceededException(message, e);
      case FailedPreconditionException _ -> new FailedPreconditionException(message, e);
      case InvalidArgumentException _ -> new InvalidArgumentException(message, e);
      case NotFoundException _ -> new NotFoundException(message, e);
      case OutOfRangeException _ -> new OutOfRangeException(message, e);
      case PermissionDeniedException _ -> new PermissionDeniedException(message, e);
      case ResourceExhaustedException _ -> new ResourceExhaustedException(message, e);
      case UnauthenticatedException _ -> new UnauthenticatedException(message, e);
      case UnavailableException _ -> new UnavailableException(message, e);
      case UnimplementedException _ -> new UnimplementedException(message, e);
      case UnknownException _ -> new UnknownException(message, e);
    };
  }
}
