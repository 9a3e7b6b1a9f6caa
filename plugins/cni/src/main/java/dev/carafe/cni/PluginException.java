package dev.carafe.cni;

import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.UnavailableException;

/** That a plugin did not do what it was asked; the message names network, plugin and verb. */
final class PluginException extends Exception {
  private static final long serialVersionUID = 1L;

  /** The plugin does not know the container: for DEL, there is nothing left to do. */
  static final int UNKNOWN_CONTAINER = 3;

  static final int TRY_AGAIN = 11;
  static final int NOT_AVAILABLE = 50;
  static final int LIMITED = 51;

  /** How it failed. */
  enum Kind {
    SAID_SO,
    NOT_RUN,
    NONSENSE,
    TIMED_OUT,
    CANCELLED
  }

  private final Kind kind;
  private final int code;

  PluginException(Kind kind, int code, String message) {
    super(message);
    this.kind = kind;
    this.code = code;
  }

  Kind kind() {
    return kind;
  }

  /** The plugin's own; 0 if it gave none. */
  int code() {
    return code;
  }

  DaemonException forCaller() {
    String message = String.valueOf(getMessage());
    return switch (kind) {
      case TIMED_OUT -> new DeadlineExceededException(message, this);
      case CANCELLED -> new CancelledException(message, this);
      case NOT_RUN, NONSENSE -> new FailedPreconditionException(message, this);
      case SAID_SO ->
          code == TRY_AGAIN || code == NOT_AVAILABLE || code == LIMITED
              ? new UnavailableException(message, this)
              : new FailedPreconditionException(message, this);
    };
  }
}
