package dev.carafe.plugin.source.registry;

import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.PermissionDeniedException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnauthenticatedException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.errors.UnimplementedException;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Why one host did not give what was asked for. Its message is the reason, fit to be shown. */
final class HostFailure extends Exception {
  private static final long serialVersionUID = 1L;

  /** What the failure means to the caller. */
  enum Kind {
    NOT_FOUND,
    UNAUTHENTICATED,
    PERMISSION_DENIED,
    UNAVAILABLE,
    RESOURCE_EXHAUSTED,
    DATA_LOSS,
    FAILED_PRECONDITION,
    UNIMPLEMENTED
  }

  private final Kind kind;
  private final boolean mayPass;
  private final Duration retryAfter;

  private HostFailure(
      Kind kind, String reason, boolean mayPass, Duration retryAfter, @Nullable Throwable cause) {
    super(reason, cause);
    this.kind = kind;
    this.mayPass = mayPass;
    this.retryAfter = retryAfter;
  }

  /** One that the same question to the same host would meet again. */
  static HostFailure lasting(Kind kind, String reason) {
    return new HostFailure(kind, reason, false, Duration.ZERO, null);
  }

  /**
   * One that may have passed soon.
   *
   * @param retryAfter what the host asked for; zero where it said nothing
   */
  static HostFailure passing(Kind kind, String reason, Duration retryAfter) {
    return new HostFailure(kind, reason, true, retryAfter, null);
  }

  /** A connection that could not be made or broke. */
  static HostFailure of(IOException e) {
    boolean lasting =
        e instanceof DialException
            || (e instanceof SSLException && !(e.getCause() instanceof IOException));
    return new HostFailure(Kind.UNAVAILABLE, reason(e), !lasting, Duration.ZERO, e);
  }

  Kind kind() {
    return kind;
  }

  boolean mayPass() {
    return mayPass;
  }

  Duration retryAfter() {
    return retryAfter;
  }

  String reason() {
    String message = getMessage();
    return message == null ? "" : message;
  }

  /** The failure as the daemon knows it. */
  DaemonException toDaemonException(String message) {
    return switch (kind) {
      case NOT_FOUND -> new NotFoundException(message, this);
      case UNAUTHENTICATED -> new UnauthenticatedException(message, this);
      case PERMISSION_DENIED -> new PermissionDeniedException(message, this);
      case UNAVAILABLE -> new UnavailableException(message, this);
      case RESOURCE_EXHAUSTED -> new ResourceExhaustedException(message, this);
      case DATA_LOSS -> new DataLossException(message, this);
      case FAILED_PRECONDITION -> new FailedPreconditionException(message, this);
      case UNIMPLEMENTED -> new UnimplementedException(message, this);
    };
  }

  private static String reason(IOException e) {
    String message = Redaction.text(e.getMessage());
    return switch (e) {
      case DialException dial -> message;
      case SSLException tls -> "TLS: " + message;
      case SocketTimeoutException timeout -> message;
      case EOFException end -> message;
      default -> message.isEmpty() ? e.getClass().getSimpleName() : message;
    };
  }
}
