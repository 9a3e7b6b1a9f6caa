package dev.carafe.services;

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
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * From failures to gRPC status: the only place that knows both. Whatever is not in the closed set
 * is UNKNOWN, never INTERNAL.
 */
final class Failures {
  private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

  private Failures() {}

  static Status status(Throwable failure) {
    return switch (failure) {
      case DaemonException known -> status(known);
      case StatusRuntimeException ready -> ready.getStatus();
      case StatusException ready -> ready.getStatus();
      case InterruptedException ignored -> Status.CANCELLED.withDescription("context canceled");
      default -> {
        // Clients read some of these texts: a runtime's own words stay as they are.
        LOG.error("unexpected failure", failure);
        String message = failure.getMessage();
        yield Status.UNKNOWN
            .withDescription(message == null ? failure.toString() : message)
            .withCause(failure);
      }
    };
  }

  private static Status status(DaemonException failure) {
    Status status =
        switch (failure) {
          case NotFoundException e -> Status.NOT_FOUND;
          case AlreadyExistsException e -> Status.ALREADY_EXISTS;
          case InvalidArgumentException e -> Status.INVALID_ARGUMENT;
          case FailedPreconditionException e -> Status.FAILED_PRECONDITION;
          case OutOfRangeException e -> Status.OUT_OF_RANGE;
          case UnavailableException e -> Status.UNAVAILABLE;
          case CancelledException e -> Status.CANCELLED;
          case DeadlineExceededException e -> Status.DEADLINE_EXCEEDED;
          case UnimplementedException e -> Status.UNIMPLEMENTED;
          case ResourceExhaustedException e -> Status.RESOURCE_EXHAUSTED;
          case DataLossException e -> Status.DATA_LOSS;
          case PermissionDeniedException e -> Status.PERMISSION_DENIED;
          case UnauthenticatedException e -> Status.UNAUTHENTICATED;
          case AbortedException e -> Status.ABORTED;
        };
    return status.withDescription(failure.getMessage()).withCause(failure);
  }
}
