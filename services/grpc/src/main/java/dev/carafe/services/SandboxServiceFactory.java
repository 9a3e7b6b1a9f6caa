package dev.carafe.services;

import dev.carafe.engine.sandboxes.SandboxManager;
import dev.carafe.engine.sandboxes.SandboxService;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.util.List;

/** Opens the sandbox manager and takes up what an earlier daemon left running. */
@CarafePlugin
public final class SandboxServiceFactory
    implements PluginFactory<SandboxService, SandboxServiceFactory.Config> {
  /** Nothing to configure. */
  public record Config() {}

  @Override
  public PluginDeclaration<SandboxService, Config> declaration() {
    return new PluginDeclaration<>(
        SandboxService.TYPE,
        "sandboxes",
        List.of(Metadata.TYPE, PluginTypes.SANDBOX_CONTROLLER, PluginTypes.EVENT_BUS),
        false,
        new Config());
  }

  @Override
  public SandboxService create(PluginContext context, Config config) {
    SandboxManager manager =
        new SandboxManager(
            context.require(Metadata.TYPE),
            context.requireAll(PluginTypes.SANDBOX_CONTROLLER),
            context.require(PluginTypes.EVENT_BUS));
    manager.recover();
    context.uses(PluginTypes.SANDBOX_CONTROLLER, manager::uses);
    return new Running(manager);
  }

  private record Running(SandboxManager manager) implements SandboxService, AutoCloseable {
    @Override
    public void close() {
      manager.close();
    }
  }
}
