package dev.carafe.plugin.source.registry;

import java.time.Duration;

/** Waits between two attempts. A seam, so that tests need no time. */
interface Pause {
  Pause SLEEP = Thread::sleep;

  void of(Duration time) throws InterruptedException;
}
