package dev.carafe.services.loopback;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a request is answered with.
 *
 * @param status code and reason, such as {@code 200 OK}
 * @param headers besides type, length and connection
 */
public record Answer(String status, String type, byte[] body, Map<String, String> headers) {
  public Answer {
    headers = Map.copyOf(headers);
  }

  public static Answer ok(String type, byte[] body) {
    return new Answer("200 OK", type, body, Map.of());
  }

  /** Plain text. */
  public static Answer text(String status, String body) {
    return new Answer(
        status, "text/plain; charset=utf-8", body.getBytes(StandardCharsets.UTF_8), Map.of());
  }

  /** The same with further headers. */
  public Answer with(Map<String, String> more) {
    Map<String, String> all = new LinkedHashMap<>(headers);
    all.putAll(more);
    return new Answer(status, type, body, all);
  }
}
