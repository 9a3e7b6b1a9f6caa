package dev.carafe.plugin.resources.cgroup;

import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.resources.ResourceManager;
import java.util.List;

/**
 * The resource manager {@code cgroupfs}: the kernel's files, by the path that a container is given.
 */
@CarafePlugin
public final class CgroupfsFactory implements PluginFactory<ResourceManager, CgroupfsFactory.None> {
  @Override
  public PluginDeclaration<ResourceManager, None> declaration() {
    return new PluginDeclaration<>(
        PluginTypes.RESOURCE_MANAGER, "cgroupfs", List.of(), false, new None());
  }

  @Override
  public ResourceManager create(PluginContext context, None config) {
    return CgroupManager.open(new CgroupPaths());
  }

  /** It has no settings. */
  public record None() {}
}
