package dev.carafe.plugin.sandbox.pod;

import dev.carafe.linux.Mounter;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.sandboxes.SandboxController;
import java.time.Clock;

/**
 * The same controller under the name that CRI gives it in containerd, with sandboxes of its own.
 */
@CarafePlugin
public final class PodsandboxAliasFactory
    implements PluginFactory<SandboxController, PodSandboxFactory.Config> {
  @Override
  public PluginDeclaration<SandboxController, PodSandboxFactory.Config> declaration() {
    return PodSandboxFactory.declaration("podsandbox");
  }

  @Override
  public SandboxController create(PluginContext context, PodSandboxFactory.Config config) {
    return PodSandboxController.open(context.state(), Mounter.kernel(), Clock.systemUTC());
  }
}
