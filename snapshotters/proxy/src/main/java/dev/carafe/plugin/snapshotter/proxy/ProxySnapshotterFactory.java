package dev.carafe.plugin.snapshotter.proxy;

import dev.carafe.plugin.proxy.support.Peer;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginType;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.plugins.ProxyFactory;
import dev.carafe.spi.plugins.ProxyPeer;
import dev.carafe.spi.snapshots.Snapshotter;

/** Makes the snapshotters of {@code type = "snapshot"}. */
@CarafePlugin
public final class ProxySnapshotterFactory implements ProxyFactory<Snapshotter> {
  @Override
  public String kind() {
    return "snapshot";
  }

  @Override
  public PluginType<Snapshotter> type() {
    return PluginTypes.SNAPSHOTTER;
  }

  @Override
  public Snapshotter create(PluginContext context, ProxyPeer peer) {
    return new ProxySnapshotter(Peer.open(peer), peer.capabilities());
  }
}
