package dev.carafe.plugin.runtime.shim;

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
import dev.carafe.ttrpc.StatusCode;

/** What a shim answers, as the failures that the daemon knows. */
final class ShimFailures {
  private static final int LONGEST = 8 << 10;

  private ShimFailures() {}

  static DaemonException of(StatusCode code, String words) {
    String message = words.length() > LONGEST ? words.substring(0, LONGEST) : words;
    return switch (code) {
      case NOT_FOUND -> new NotFoundException(message);
      case ALREADY_EXISTS -> new AlreadyExistsException(message);
      case INVALID_ARGUMENT -> new InvalidArgumentException(message);
      case FAILED_PRECONDITION -> new FailedPreconditionException(message);
      case OUT_OF_RANGE -> new OutOfRangeException(message);
      case UNAVAILABLE -> new UnavailableException(message);
      case CANCELLED -> new CancelledException(message);
      case DEADLINE_EXCEEDED -> new DeadlineExceededException(message);
      case UNIMPLEMENTED -> new UnimplementedException(message);
      case RESOURCE_EXHAUSTED -> new ResourceExhaustedException(message);
      case DATA_LOSS -> new DataLossException(message);
      case PERMISSION_DENIED -> new PermissionDeniedException(message);
      case UNAUTHENTICATED -> new UnauthenticatedException(message);
      case ABORTED -> new AbortedException(message);
      case OK, UNKNOWN, INTERNAL -> new UnknownException(message);
    };
  }

  /** The failure that an interrupted call ends with. */
  static CancelledException cancelled(Object what, InterruptedException cause) {
    Thread.currentThread().interrupt();
    return new CancelledException(what + ": cancelled", cause);
  }
}
