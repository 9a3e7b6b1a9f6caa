package dev.carafe.engine;

/** Keeps an interrupt from cutting clean-up short. */
public final class Interrupts {
  private Interrupts() {}

  /** Runs a clean-up to its end; an interrupt of the caller is kept for later. */
  public static void shielded(Runnable cleanUp) {
    boolean interrupted = Thread.interrupted();
    try {
      cleanUp.run();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
