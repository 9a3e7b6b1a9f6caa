package dev.carafe.spi.plugins;

import dev.carafe.spi.errors.FailedPreconditionException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * What the daemon hands to a factory. Only valid during {@link PluginFactory#create}; what it
 * returned stays valid.
 */
public interface PluginContext {
  /**
   * A private directory (0700) that survives reboots: {@code ROOT/TYPE.ID}. Created on the first
   * call.
   */
  Path root();

  /**
   * A private directory (0700) that a reboot empties: {@code STATE/TYPE.ID}. Created on the first
   * call.
   */
  Path state();

  /**
   * The Unix socket of the daemon's API, for plugins whose helpers call it. Events are taken over
   * ttrpc at the same path with {@code .ttrpc} at its end.
   */
  default Path address() {
    return Path.of("/run/carafe/carafe.sock");
  }

  /**
   * The one plugin of a required kind.
   *
   * @throws FailedPreconditionException if the kind was not declared as required, or has more than
   *     one healthy plugin
   */
  <T> T require(PluginType<T> type);

  /**
   * All healthy plugins of a required kind by id; not empty when it is returned. A live view: it
   * shows what is loaded and unloaded later, and may be iterated at any time.
   */
  <T> Map<String, T> requireAll(PluginType<T> type);

  /** All healthy plugins of a wanted kind by id; may be empty. A live view. */
  default <T> Map<String, T> wanted(PluginType<T> type) {
    return Map.of();
  }

  /**
   * The plugins of a wanted kind that are there and could not be made, by id, each with the reason.
   * A live view. Who asks plugins for permission has not got that of these.
   */
  default Map<String, String> failed(PluginType<?> type) {
    return Map.of();
  }

  /**
   * Tells the daemon how to learn what this plugin keeps of others, so that nobody unloads them
   * meanwhile. It is asked when an operator wants to unload or reload one. Calls in flight need not
   * be told.
   *
   * @param type the kind of the others
   * @param uses from the id of one to what is kept of it; empty if nothing is
   */
  default void uses(PluginType<?> type, Function<String, List<PluginUse>> uses) {}

  /** Shows a capability in introspection, for example {@code rebase}. */
  void capability(String name);

  /** Shows a value in introspection, for example {@code root}. */
  void export(String key, String value);
}
