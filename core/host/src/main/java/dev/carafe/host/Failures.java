package dev.carafe.host;

import dev.carafe.spi.errors.DaemonException;

/** Puts what was thrown into one line for people. */
final class Failures {
  /** What the reader of a broken link should look at. */
  static final String SPI_HINT = " (was it compiled against another version of the SPI?)";

  private Failures() {}

  /** Whether a class is used that is not as it was when the user was compiled. */
  static boolean isOfOtherSpi(Throwable failure) {
    return failure instanceof IncompatibleClassChangeError
        || (failure instanceof NoClassDefFoundError missing
            && String.valueOf(missing.getMessage()).startsWith("dev/carafe/spi/"));
  }

  static String describe(Throwable failure) {
    String message = failure.getMessage();
    if (failure instanceof DaemonException && message != null && !message.isEmpty()) {
      return message;
    }
    String name = failure.getClass().getSimpleName();
    String text = message == null || message.isEmpty() ? name : name + ": " + message;
    return isOfOtherSpi(failure) ? text + SPI_HINT : text;
  }
}
