package dev.carafe.services.debug;

import dev.carafe.engine.stores.GarbageCollector;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The last garbage collections. */
final class Collections {
  private static final int KEPT = 20;

  private final Deque<Map<String, Object>> last = new ArrayDeque<>();
  private long count;

  synchronized void ended(GarbageCollector.Report report) {
    count++;
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("at", Instant.now().toString());
    figures.put("millis", report.duration().toNanos() / 1e6);
    figures.put("pauseMillis", report.pause().toNanos() / 1e6);
    figures.put("removed", new TreeMap<>(report.removed()));
    last.addFirst(figures);
    if (last.size() > KEPT) {
      last.removeLast();
    }
  }

  synchronized Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("count", count);
    figures.put("last", List.copyOf(last));
    return figures;
  }
}
