package dev.carafe.plugin.proxy.support;

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

/**
 * From gRPC status to failures. What the other process says of the thing that was asked for stays
 * as it is; what is about the process itself names plugin and socket. Messages are cut and cleaned.
 */
final class PeerFailures {
  private static final int LONGEST = 4096;

  private final String peer;

  /**
   * @param peer plugin and socket
   */
  PeerFailures(String peer) {
    this.peer = peer;
  }

  DaemonException of(Status status, Throwable cause) {
    String said = said(status);
    return switch (status.getCode()) {
      case NOT_FOUND -> new NotFoundException(said, cause);
      case ALREADY_EXISTS -> new AlreadyExistsException(said, cause);
      case INVALID_ARGUMENT -> new InvalidArgumentException(said, cause);
      case FAILED_PRECONDITION -> new FailedPreconditionException(said, cause);
      case OUT_OF_RANGE -> new OutOfRangeException(said, cause);
      case CANCELLED -> new CancelledException(about(said), cause);
      case DEADLINE_EXCEEDED ->
          new DeadlineExceededException(about("did not answer in time"), cause);
      case UNAVAILABLE -> new UnavailableException(about(said), cause);
      case UNIMPLEMENTED -> new UnimplementedException(about(said), cause);
      case RESOURCE_EXHAUSTED -> new ResourceExhaustedException(about(said), cause);
      case DATA_LOSS -> new DataLossException(about(said), cause);
      case PERMISSION_DENIED -> new PermissionDeniedException(about(said), cause);
      case UNAUTHENTICATED -> new UnauthenticatedException(about(said), cause);
      case OK, UNKNOWN, INTERNAL, ABORTED -> new AbortedException(about(said), cause);
    };
  }

  /** An answer that cannot be right. */
  DataLossException nonsense(String what) {
    return new DataLossException(about(clean(what)));
  }

  DeadlineExceededException late(Throwable cause) {
    return new DeadlineExceededException(about("did not answer in time"), cause);
  }

  CancelledException interrupted(Throwable cause) {
    return new CancelledException(about("interrupted"), cause);
  }

  UnavailableException gone(String what) {
    return new UnavailableException(about(what));
  }

  @Override
  public String toString() {
    return peer;
  }

  private String about(String what) {
    return peer + ": " + what;
  }

  private static String said(Status status) {
    StringBuilder said = new StringBuilder();
    String description = status.getDescription();
    said.append(description == null || description.isEmpty() ? status.getCode() : description);
    // The transport says "io exception" and keeps the reason for itself.
    Throwable cause = status.getCause();
    if (cause != null
        && cause.getMessage() != null
        && status.getCode() == Status.Code.UNAVAILABLE) {
      said.append(": ").append(cause.getMessage());
    }
    return clean(said.toString());
  }

  private static String clean(String text) {
    String cut = text.length() > LONGEST ? text.substring(0, LONGEST) + "..." : text;
    return cut.replaceAll("\\p{Cntrl}", " ");
  }
}
