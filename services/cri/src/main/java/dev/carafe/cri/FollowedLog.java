package dev.carafe.cri;

import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.spi.logs.LoggedContainer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How far a driver has read a container's log: all that another daemon needs to go on.
 *
 * @param driver its id
 * @param next number of the line that comes next
 * @param places where to go on, in files of which all but the last are complete
 */
record FollowedLog(String driver, LoggedContainer container, long next, List<Place> places) {
  /** A place in a file. */
  record Place(LogFile.Inode inode, long offset) {}

  FollowedLog {
    places = List.copyOf(places);
  }

  byte[] encode() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("driver", driver);
    json.put("id", container.id());
    json.put("name", container.name());
    json.put("attempt", container.attempt());
    json.put("pod_name", container.podName());
    json.put("pod_namespace", container.podNamespace());
    json.put("pod_uid", container.podUid());
    json.put("file", container.file().toString());
    json.put("labels", container.labels());
    json.put("annotations", container.annotations());
    json.put("next", next);
    json.put("places", places.stream().map(FollowedLog::encode).toList());
    return Json.bytes(json);
  }

  private static Map<String, Object> encode(Place place) {
    return Map.of(
        "device", place.inode().device(),
        "inode", place.inode().number(),
        "offset", place.offset());
  }

  static FollowedLog decode(String what, byte[] bytes) {
    JsonObject json = Json.object(what, bytes);
    return new FollowedLog(
        json.text("driver"),
        new LoggedContainer(
            json.text("id"),
            json.text("name"),
            (int) json.number("attempt", 0),
            json.text("pod_name"),
            json.text("pod_namespace"),
            json.text("pod_uid"),
            Path.of(json.text("file")),
            json.textMap("labels"),
            json.textMap("annotations")),
        json.number("next", 0),
        json.objects("places").stream()
            .map(place ->
                new Place(
                    new LogFile.Inode(place.number("device", 0), place.number("inode", 0)),
                    place.number("offset", 0)))
            .toList());
  }
}
