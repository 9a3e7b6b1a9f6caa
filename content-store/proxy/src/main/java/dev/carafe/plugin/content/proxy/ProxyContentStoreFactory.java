package dev.carafe.plugin.content.proxy;

import dev.carafe.plugin.proxy.support.Peer;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginType;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.plugins.ProxyFactory;
import dev.carafe.spi.plugins.ProxyPeer;

/** Makes the content stores of {@code type = "content"}. */
@CarafePlugin
public final class ProxyContentStoreFactory implements ProxyFactory<ContentStore> {
  @Override
  public String kind() {
    return "content";
  }

  @Override
  public PluginType<ContentStore> type() {
    return PluginTypes.CONTENT_STORE;
  }

  @Override
  public ContentStore create(PluginContext context, ProxyPeer peer) {
    return new ProxyContentStore(Peer.open(peer));
  }
}
