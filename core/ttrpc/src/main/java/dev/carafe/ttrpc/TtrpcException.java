package dev.carafe.ttrpc;

import org.jspecify.annotations.Nullable;

/** A call that failed: what the peer answered, or why there was no answer. */
public final class TtrpcException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final StatusCode code;
  private final boolean closed;

  public TtrpcException(StatusCode code, String message) {
    this(code, message, null, false);
  }

  public TtrpcException(StatusCode code, String message, @Nullable Throwable cause) {
    this(code, message, cause, false);
  }

  private TtrpcException(
      StatusCode code, String message, @Nullable Throwable cause, boolean closed) {
    super(message, cause);
    this.code = code;
    this.closed = closed;
  }

  static TtrpcException closed(String message, @Nullable Throwable cause) {
    return new TtrpcException(StatusCode.UNAVAILABLE, message, cause, true);
  }

  /** The same with the stack of whoever asks now. */
  TtrpcException again() {
    return new TtrpcException(code, String.valueOf(getMessage()), this, closed);
  }

  public StatusCode code() {
    return code;
  }

  /**
   * Whether there is no connection (any more); whether a call that was under way was carried out is
   * not known.
   */
  public boolean connectionClosed() {
    return closed;
  }
}
