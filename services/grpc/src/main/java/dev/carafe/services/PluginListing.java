package dev.carafe.services;

import java.util.List;
import java.util.Map;

/** What the plugin graph shows to introspection. */
@FunctionalInterface
public interface PluginListing {
  List<Entry> plugins();

  /**
   * One plugin.
   *
   * @param error why it is not up, or empty
   */
  record Entry(
      String type,
      String id,
      List<String> requires,
      List<String> capabilities,
      Map<String, String> exports,
      String error) {
    public Entry {
      requires = List.copyOf(requires);
      capabilities = List.copyOf(capabilities);
      exports = Map.copyOf(exports);
    }
  }
}
