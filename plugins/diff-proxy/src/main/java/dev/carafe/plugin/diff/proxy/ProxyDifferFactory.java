package dev.carafe.plugin.diff.proxy;

import dev.carafe.plugin.content.proxy.ProxyContentStoreFactory;
import dev.carafe.plugin.proxy.support.Peer;
import dev.carafe.spi.diffs.Differ;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginType;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.plugins.ProxyFactory;
import dev.carafe.spi.plugins.ProxyPeer;

/** Makes the differs of {@code type = "diff"}. */
@CarafePlugin
public final class ProxyDifferFactory implements ProxyFactory<Differ> {
  @Override
  public String kind() {
    return "diff";
  }

  @Override
  public PluginType<Differ> type() {
    return PluginTypes.DIFFER;
  }

  @Override
  public Differ create(PluginContext context, ProxyPeer peer) {
    return new ProxyDiffer(
        Peer.open(peer),
        new ProxyContentStoreFactory().create(context, peer.at(peer.contentAddress())),
        peer.address().equals(peer.contentAddress()));
  }
}
