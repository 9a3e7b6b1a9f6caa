package dev.carafe.spi.plugins;

/**
 * Makes plugins whose work is done by another process, one for each table {@code
 * [proxy_plugins.NAME]} of this factory's {@link #kind}. Found as a {@link PluginFactory} is, with
 * the same rules and guarantees; the plugin's id is NAME.
 *
 * <p>{@link #create} does not wait for the other process: one that is not there makes calls fail
 * with {@code UnavailableException}, until it is there.
 *
 * @param <T> the contract
 */
public interface ProxyFactory<T> {
  /** The value of the key {@code type} in the table, for example {@code snapshot}. */
  String kind();

  /** What the plugins are. */
  PluginType<T> type();

  /** Builds the plugin. */
  T create(PluginContext context, ProxyPeer peer);
}
