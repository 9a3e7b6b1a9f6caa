package dev.carafe.spi.plugins;

import dev.carafe.spi.errors.FailedPreconditionException;
import java.nio.file.Path;
import java.util.Map;

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

  /** All healthy plugins of a required kind by id; never empty. */
  <T> Map<String, T> requireAll(PluginType<T> type);

  /** All healthy plugins of a wanted kind by id; may be empty. */
  default <T> Map<String, T> wanted(PluginType<T> type) {
    return Map.of();
  }

  /** Shows a capability in introspection, for example {@code rebase}. */
  void capability(String name);

  /** Shows a value in introspection, for example {@code root}. */
  void export(String key, String value);
}
