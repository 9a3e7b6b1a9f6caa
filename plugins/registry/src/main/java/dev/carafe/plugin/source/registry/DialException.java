package dev.carafe.plugin.source.registry;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** No connection came about: nothing was sent. Not worth an immediate retry. */
final class DialException extends IOException {
  private static final long serialVersionUID = 1L;

  DialException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
