package dev.carafe.spi.plugins;

/**
 * Makes one plugin. What the daemon looks for in a jar (beside {@link ProxyFactory}): a public
 * class with a public no-argument constructor, marked with {@link CarafePlugin}; the real object is
 * built by {@link #create} and may have final fields.
 *
 * <p>The daemon guarantees: one instance per declaration; {@code create} runs once, after
 * everything required is up, under a deadline; calls come on virtual threads and from many at once;
 * an interrupt means cancel; an instance that is {@link AutoCloseable} is closed once, after its
 * last call has returned and before what it requires is closed.
 *
 * <p>You guarantee: thread safety; nothing written outside {@link PluginContext#root} and {@link
 * PluginContext#state} (but for what your contract hands you); no call back into the daemon other
 * than to what you required.
 *
 * @param <T> the contract
 * @param <C> the configuration: a record whose components are the keys of the plugin's TOML table
 */
public interface PluginFactory<T, C extends Record> {
  /**
   * What this plugin is. Must be cheap and always the same: the graph is sorted by it before
   * anything is created.
   */
  PluginDeclaration<T, C> declaration();

  /**
   * Builds the plugin. A failure is listed with its message; it stops the daemon only where the
   * declaration says {@code essential}.
   *
   * @param config the defaults of the declaration, overlaid with the table {@code
   *     [plugins."TYPE.ID"]}
   */
  T create(PluginContext context, C config);
}
