package dev.carafe.plugin.mounts;

import dev.carafe.linux.Mounter;
import dev.carafe.spi.mounts.RootFileSystems;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.util.List;

/** Makes {@code kernel}: root file systems for runtimes without processes. No keys. */
@CarafePlugin
public final class RootFileSystemsFactory
    implements PluginFactory<RootFileSystems, RootFileSystemsFactory.Config> {
  /** Nothing to configure. */
  public record Config() {}

  @Override
  public PluginDeclaration<RootFileSystems, Config> declaration() {
    return new PluginDeclaration<>(
        PluginTypes.ROOT_FILE_SYSTEMS, "kernel", List.of(), /* essential= */ false, new Config());
  }

  @Override
  public RootFileSystems create(PluginContext context, Config config) {
    return new KernelRootFileSystems(Mounter.kernel());
  }
}
