package dev.carafe.metadata;

import dev.carafe.engine.stores.Labels;
import java.util.Map;
import java.util.TreeMap;

/** Which labels of a snapshot are whose. */
final class SnapshotLabels {
  private SnapshotLabels() {}

  static boolean isForBackend(String key) {
    return key.startsWith(Labels.SNAPSHOT_PREFIX) || key.equals(Labels.SNAPSHOT_REF);
  }

  /** The labels that a back end gets to see. */
  static Map<String, String> forBackend(Map<String, String> labels) {
    Map<String, String> some = new TreeMap<>(labels);
    some.keySet().removeIf(key -> !isForBackend(key));
    return some;
  }

  /** What callers see: their own labels, and what the back end says of itself. */
  static Map<String, String> shown(Map<String, String> own, Map<String, String> backend) {
    Map<String, String> all = new TreeMap<>(own);
    forBackend(backend).forEach(all::put);
    return all;
  }

  /**
   * The back end's labels after the caller's changed: its own stay, the caller's are replaced.
   *
   * @param now what the back end has
   */
  static Map<String, String> merged(
      Map<String, String> now, Map<String, String> old, Map<String, String> changed) {
    Map<String, String> merged = new TreeMap<>(now);
    merged.keySet().removeAll(forBackend(old).keySet());
    merged.putAll(forBackend(changed));
    return merged;
  }
}
