package dev.carafe.cni;

import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What lies on disk of a pod's networks. */
record PodRecord(String id, State state, List<Attachment> attachments) {
  /** How far it is. */
  enum State {
    /** Plugins may have begun to add; nobody has been told of a result. */
    ADDING,
    /** The results are complete. */
    READY,
    /** Plugins may have begun to remove. */
    LEAVING,
    /** The file cannot be read: of the pod no more than its id is known. Never written. */
    DAMAGED
  }

  PodRecord {
    attachments = List.copyOf(attachments);
  }

  PodRecord in(State next) {
    return new PodRecord(id, next, attachments);
  }

  byte[] bytes() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("id", id);
    json.put("state", state.name().toLowerCase(Locale.ROOT));
    json.put("attachments", attachments.stream().map(Attachment::toJson).toList());
    return Json.bytes(json);
  }

  /**
   * Reads a record.
   *
   * @throws InvalidArgumentException if it is damaged
   */
  static PodRecord of(String id, String path, byte[] bytes) {
    JsonObject json = Json.object(path, bytes);
    if (!json.text("id").equals(id)) {
      throw new InvalidArgumentException(path + ": is of another pod");
    }
    List<Attachment> attachments =
        json.objects("attachments").stream().map(Attachment::of).toList();
    return switch (json.text("state")) {
      case "adding" -> new PodRecord(id, State.ADDING, attachments);
      case "ready" -> new PodRecord(id, State.READY, attachments);
      case "leaving" -> new PodRecord(id, State.LEAVING, attachments);
      default -> throw new InvalidArgumentException(path + ": no state");
    };
  }
}
