package dev.carafe.ctr;

import dev.carafe.oci.SignalNames;

/** Signals as people write them. */
final class Signals {
  private Signals() {}

  /** Reads {@code TERM}, {@code SIGTERM} or {@code 15}. */
  static int number(String text) {
    return SignalNames.number(text)
        .orElseThrow(() -> new UsageException("signal \"" + text + "\" is unknown"));
  }
}
