package dev.carafe.integration;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** Reads what {@code carafe events --format json} prints: one event a line. */
final class Events {
  private Events() {}

  /** Waits until a subscription is served: from then on no event is missed. */
  static void awaitSubscribed(Carafe carafe, Program.Running events) {
    String probe = carafe.namespace() + "-probe";
    carafe.ok("namespaces", "create", probe);
    int[] made = {0};
    Await.until(
        "events arrive",
        () -> {
          if (!all(events).isEmpty()) {
            return true;
          }
          carafe.ok("namespaces", "label", probe, "n=" + made[0]++);
          return false;
        });
    carafe.ok("namespaces", "rm", probe);
  }

  static List<JsonNode> all(Program.Running events) {
    String text = events.out();
    List<JsonNode> all = new ArrayList<>();
    // The last line may not be whole yet.
    for (String line : text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
      all.add(Carafe.parse(line));
    }
    return all;
  }

  /** Topics of the events of a container, in their order. */
  static List<String> topics(Program.Running events, String container) {
    return all(events).stream()
        .filter(event -> names(event.get("event"), container))
        .map(event -> event.get("topic").asText())
        .toList();
  }

  private static boolean names(JsonNode event, String container) {
    return container.equals(event.path("container_id").asText())
        || container.equals(event.path("id").asText())
        || container.equals(event.path("key").asText());
  }
}
