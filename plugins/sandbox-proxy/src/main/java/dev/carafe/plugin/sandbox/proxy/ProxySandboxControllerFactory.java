package dev.carafe.plugin.sandbox.proxy;

import dev.carafe.plugin.proxy.support.Peer;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginType;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.plugins.ProxyFactory;
import dev.carafe.spi.plugins.ProxyPeer;
import dev.carafe.spi.sandboxes.SandboxController;

/** Makes the sandbox controllers of {@code type = "sandbox"}. */
@CarafePlugin
public final class ProxySandboxControllerFactory implements ProxyFactory<SandboxController> {
  @Override
  public String kind() {
    return "sandbox";
  }

  @Override
  public PluginType<SandboxController> type() {
    return PluginTypes.SANDBOX_CONTROLLER;
  }

  @Override
  public SandboxController create(PluginContext context, ProxyPeer peer) {
    return new ProxySandboxController(Peer.open(peer));
  }
}
