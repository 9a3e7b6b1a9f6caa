package dev.carafe.plugin.events;

import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.Event;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Exits of what an earlier daemon had started, told soon after this one's start. Clients of the
 * earlier one are only just coming back then, and no other word would reach those that live by
 * events alone, as dockerd does. What is deleted meanwhile is forgotten.
 */
final class MissedExits {
  static final Duration WINDOW = Duration.ofSeconds(30);
  private static final int LIMIT = 16_384;

  private final InstantSource clock;
  private final Instant end;
  private final Map<Process, Envelope> exits = new LinkedHashMap<>();
  private final Set<Process> own = new HashSet<>();

  private record Process(String namespace, String container, String id) {}

  MissedExits(InstantSource clock) {
    this.clock = clock;
    this.end = clock.instant().plus(WINDOW);
  }

  synchronized void see(Envelope envelope) {
    if (!envelope.topic().startsWith("/tasks/") || over()) {
      return;
    }
    String namespace = envelope.namespace();
    switch (envelope.event()) {
      case Event.TaskCreated created ->
          begun(new Process(namespace, created.containerId(), created.containerId()));
      case Event.TaskExecAdded added ->
          begun(new Process(namespace, added.containerId(), added.execId()));
      case Event.TaskExited exited -> {
        Process process = new Process(namespace, exited.containerId(), exited.id());
        if (!own.contains(process) && exits.size() < LIMIT) {
          exits.put(process, envelope);
        }
      }
      case Event.TaskDeleted deleted ->
          exits
              .keySet()
              .removeIf(process ->
                  process.namespace().equals(namespace)
                      && process.container().equals(deleted.containerId()));
      default -> {}
    }
  }

  private void begun(Process process) {
    if (own.size() < LIMIT) {
      own.add(process);
    }
    exits.remove(process);
  }

  /** In the order of their publication; none when everybody has had the time to come back. */
  synchronized List<Envelope> list() {
    return over() ? List.of() : List.copyOf(exits.values());
  }

  private boolean over() {
    if (clock.instant().isBefore(end)) {
      return false;
    }
    exits.clear();
    own.clear();
    return true;
  }
}
