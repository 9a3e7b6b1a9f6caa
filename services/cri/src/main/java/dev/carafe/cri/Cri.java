package dev.carafe.cri;

import dev.carafe.cri.streaming.StreamingServer;
import dev.carafe.spi.plugins.Direct;
import dev.carafe.spi.plugins.PluginType;
import java.util.function.Supplier;

/** What both CRI services share, as a plugin. */
public interface Cri {
  PluginType<Cri> TYPE = new PluginType<>("io.containerd.cri.v1", Cri.class);

  @Direct
  Flows flows();

  /** Everything that the calls need. */
  record Flows(
      CriConfig config,
      Records records,
      PodFlow pods,
      ContainerFlow containers,
      CriImages images,
      ExecSync exec,
      Commands commands,
      StreamingServer streaming,
      CniNetworks networks,
      ContainerEvents events,
      Stats stats,
      PodMetrics metrics,
      Checkpoints checkpoints,
      Runtimes runtimes,
      Supplier<String> info,
      Hooks hooks) {}
}
