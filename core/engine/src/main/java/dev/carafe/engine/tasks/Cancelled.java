package dev.carafe.engine.tasks;

import dev.carafe.spi.errors.CancelledException;

/** Turns an interrupt into the failure that it stands for. */
final class Cancelled {
  private Cancelled() {}

  static CancelledException because(String what, InterruptedException cause) {
    Thread.currentThread().interrupt();
    return new CancelledException(what + ": cancelled", cause);
  }
}
