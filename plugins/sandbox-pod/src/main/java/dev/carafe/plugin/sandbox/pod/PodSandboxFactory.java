package dev.carafe.plugin.sandbox.pod;

import dev.carafe.linux.Mounter;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.sandboxes.SandboxController;
import java.time.Clock;
import java.util.List;

/** Makes the controller {@code pod}. Its table has no keys. */
@CarafePlugin
public final class PodSandboxFactory
    implements PluginFactory<SandboxController, PodSandboxFactory.Config> {
  /** Nothing to configure. */
  public record Config() {}

  static PluginDeclaration<SandboxController, Config> declaration(String id) {
    return new PluginDeclaration<>(
        PluginTypes.SANDBOX_CONTROLLER, id, List.of(), /* essential= */ false, new Config());
  }

  @Override
  public PluginDeclaration<SandboxController, Config> declaration() {
    return declaration("pod");
  }

  @Override
  public SandboxController create(PluginContext context, Config config) {
    return PodSandboxController.open(context.state(), Mounter.kernel(), Clock.systemUTC());
  }
}
