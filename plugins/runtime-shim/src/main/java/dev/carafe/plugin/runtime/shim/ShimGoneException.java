package dev.carafe.plugin.runtime.shim;

import org.jspecify.annotations.Nullable;

/** Nobody listens at a shim's address, or the connection to it ended. */
final class ShimGoneException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ShimGoneException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
