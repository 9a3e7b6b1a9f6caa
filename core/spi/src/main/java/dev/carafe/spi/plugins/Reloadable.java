package dev.carafe.spi.plugins;

import dev.carafe.spi.errors.InvalidArgumentException;

/**
 * A plugin that takes a new configuration while it runs, on SIGHUP. Implemented by the instance
 * beside its contract; the host calls it only when the plugin's own table has changed.
 *
 * @param <C> the configuration, as of the {@link PluginFactory}
 */
@FunctionalInterface
public interface Reloadable<C extends Record> {
  /**
   * Goes on with {@code config}, all of it or, where this throws, none of it. Calls in flight may
   * end under the old one.
   *
   * @throws InvalidArgumentException if a change needs a restart; the message names the key
   */
  void reload(C config);
}
