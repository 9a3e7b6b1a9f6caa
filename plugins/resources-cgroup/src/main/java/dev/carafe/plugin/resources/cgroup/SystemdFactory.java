package dev.carafe.plugin.resources.cgroup;

import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.resources.ResourceManager;
import java.util.List;

/** The resource manager {@code systemd}: systemd makes the groups, a scope for each container. */
@CarafePlugin
public final class SystemdFactory implements PluginFactory<ResourceManager, SystemdFactory.None> {
  @Override
  public PluginDeclaration<ResourceManager, None> declaration() {
    return new PluginDeclaration<>(
        PluginTypes.RESOURCE_MANAGER, "systemd", List.of(), false, new None());
  }

  @Override
  public ResourceManager create(PluginContext context, None config) {
    return CgroupManager.open(new SystemdPaths());
  }

  /** It has no settings. */
  public record None() {}
}
