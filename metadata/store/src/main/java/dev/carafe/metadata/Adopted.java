package dev.carafe.metadata;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Back end keys that came to be known to the database without having been made by it. */
final class Adopted {
  private final Set<String> keys = ConcurrentHashMap.newKeySet();

  /** To be called after the transaction and before the key's pin is closed. */
  void add(String backendKey) {
    keys.add(backendKey);
  }

  /** Whether {@link #add} was called since the last {@link #clear}. */
  boolean contains(String backendKey) {
    return keys.contains(backendKey);
  }

  void clear() {
    keys.clear();
  }
}
