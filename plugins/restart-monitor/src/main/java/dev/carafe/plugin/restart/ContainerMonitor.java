package dev.carafe.plugin.restart;

import dev.carafe.spi.plugins.Direct;
import dev.carafe.spi.plugins.PluginType;

/** Keeps containers as their labels want them. */
public interface ContainerMonitor {
  PluginType<ContainerMonitor> TYPE =
      new PluginType<>("io.containerd.monitor.container.v1", ContainerMonitor.class);

  /** What it has done since it was created. */
  @Direct
  Status status();

  /**
   * Figures for operators.
   *
   * @param restarts that succeeded
   * @param failures restarts that did not
   * @param stops of containers that were to be stopped
   */
  record Status(long restarts, long failures, long stops) {}
}
