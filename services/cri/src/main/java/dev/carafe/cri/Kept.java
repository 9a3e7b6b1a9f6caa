package dev.carafe.cri;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * What was made of records, kept for as long as they are the same: a kubelet lists all of them
 * every second, and few have changed.
 */
final class Kept<R, V> {
  private record Entry<R, V>(R of, V made) {}

  private final Map<String, R> records;
  private final Function<R, V> make;
  private final Map<String, Entry<R, V>> entries = new ConcurrentHashMap<>();

  /**
   * @param records in force, by id
   */
  Kept(Map<String, R> records, Function<R, V> make) {
    this.records = records;
    this.make = make;
  }

  V of(String id, R now) {
    Entry<R, V> entry = entries.get(id);
    if (entry == null || entry.of != now) {
      entry = new Entry<>(now, make.apply(now));
      entries.put(id, entry);
      if (!records.containsKey(id)) {
        entries.remove(id);
      }
    }
    return entry.made;
  }

  /** After the record has been removed. */
  void forget(String id) {
    entries.remove(id);
  }

  int size() {
    return entries.size();
  }
}
