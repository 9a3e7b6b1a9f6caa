package dev.carafe.host;

import dev.carafe.spi.errors.DaemonException;

/** Puts what was thrown into one line for people. */
final class Failures {
  private Failures() {}

  static String describe(Throwable failure) {
    String message = failure.getMessage();
    if (failure instanceof DaemonException && message != null && !message.isEmpty()) {
      return message;
    }
    String name = failure.getClass().getSimpleName();
    return message == null || message.isEmpty() ? name : name + ": " + message;
  }
}
