package com.example.hardlink;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.Description;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.snapshots.Snapshotter;
import java.util.List;

/** Makes the snapshotter {@code io.containerd.snapshotter.v1.hardlink}. */
@CarafePlugin
public final class HardlinkFactory implements PluginFactory<Snapshotter, HardlinkFactory.Config> {
  /** The table {@code [plugins."io.containerd.snapshotter.v1.hardlink"]}. */
  public record Config(
      @Description("Files with fewer bytes than this are not shared.") long leastBytes) {
    public Config {
      if (leastBytes < 1) {
        throw new InvalidArgumentException("least_bytes: " + leastBytes + " is less than 1");
      }
    }
  }

  @Override
  public PluginDeclaration<Snapshotter, Config> declaration() {
    return new PluginDeclaration<>(
        PluginTypes.SNAPSHOTTER, "hardlink", List.of(), /* essential= */ false, new Config(1024));
  }

  @Override
  public Snapshotter create(PluginContext context, Config config) {
    context.export("root", context.root().toString());
    return HardlinkSnapshotter.open(context.root(), config.leastBytes());
  }
}
