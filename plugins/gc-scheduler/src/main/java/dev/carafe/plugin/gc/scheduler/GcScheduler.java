package dev.carafe.plugin.gc.scheduler;

import dev.carafe.spi.plugins.Direct;
import dev.carafe.spi.plugins.PluginType;
import java.time.Duration;

/**
 * Runs the garbage collector on its own. Whoever wants a collection now calls the collector and not
 * this.
 */
public interface GcScheduler {
  PluginType<GcScheduler> TYPE = new PluginType<>("io.containerd.gc.v1", GcScheduler.class);

  /** What it has done since it was created. */
  @Direct
  Status status();

  /**
   * Figures for operators.
   *
   * @param collections that succeeded
   * @param failures collections that did not
   * @param total how long the successful ones took together
   */
  record Status(long collections, long failures, Duration total) {}
}
