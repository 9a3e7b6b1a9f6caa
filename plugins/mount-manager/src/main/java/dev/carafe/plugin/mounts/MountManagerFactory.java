package dev.carafe.plugin.mounts;

import dev.carafe.engine.mounts.MountManager;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.linux.Mounter;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import java.time.Clock;
import java.util.List;

/** Makes the mount manager, under containerd's name {@code bolt}. Its table has no keys. */
@CarafePlugin
public final class MountManagerFactory
    implements PluginFactory<MountManager, MountManagerFactory.Config> {
  /** Nothing to configure. */
  public record Config() {}

  @Override
  public PluginDeclaration<MountManager, Config> declaration() {
    return new PluginDeclaration<>(
        MountManager.TYPE, "bolt", List.of(Metadata.TYPE), /* essential= */ false, new Config());
  }

  @Override
  public MountManager create(PluginContext context, Config config) {
    return KernelMountManager.open(
        context.require(Metadata.TYPE), context.state(), Mounter.kernel(), Clock.systemUTC());
  }
}
