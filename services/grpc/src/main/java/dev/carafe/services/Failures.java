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
import dev.carafe.spi.errors.UnknownException;
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

  /** Messages are headers on the wire, of which clients take 8 KiB. */
  private static final int MAX_HEADER = 6000;

  private Failures() {}

  static Status status(Throwable failure) {
    return switch (failure) {
      case UnknownException outside -> {
        LOG.warn("{}", outside.getMessage());
        yield status(outside);
      }
      case DaemonException known -> status(known);
      case StatusRuntimeException ready -> ready.getStatus();
      case StatusException ready -> ready.getStatus();
      case InterruptedException ignored -> Status.CANCELLED.withDescription("context canceled");
      default -> {
        // Clients read some of these texts: a runtime's own words stay as they are.
        LOG.error("unexpected failure", failure);
        String message = failure.getMessage();
        yield Status.UNKNOWN
            .withDescription(bounded(message == null ? failure.toString() : message))
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
          case UnknownException e -> Status.UNKNOWN;
        };
    String message = failure.getMessage();
    return status.withDescription(message == null ? null : bounded(message)).withCause(failure);
  }

  /** Leaves out the middle of what is too long: clients read beginnings and ends. */
  static String bounded(String message) {
    int room = MAX_HEADER;
    for (int i = 0; i < message.length(); i++) {
      room -= encoded(message.charAt(i));
    }
    if (room >= 0) {
      return message;
    }
    int head = 0;
    for (room = MAX_HEADER * 3 / 4; room > 0; head++) {
      room -= encoded(message.charAt(head));
    }
    int tail = message.length();
    for (room = MAX_HEADER / 4; room > 0; tail--) {
      room -= encoded(message.charAt(tail - 1));
    }
    return message.substring(0, head) + " ... " + message.substring(tail);
  }

  /** How many bytes a character takes in a header, at most. */
  private static int encoded(char c) {
    if (c >= ' ' && c <= '~' && c != '%') {
      return 1;
    }
    return c < 0x80 ? 3 : c < 0x800 ? 6 : 9;
  }
}
