package dev.carafe.services.loopback;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The head of a request; a body is never read.
 *
 * @param path without what follows a question mark
 * @param headers by their names in lower case; of two the last
 */
public record Request(String method, String path, Map<String, String> headers) {
  public Request {
    headers = Map.copyOf(headers);
  }

  /** A header, or an empty text. */
  public String header(String name) {
    return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "");
  }

  boolean isHead() {
    return method.equals("HEAD");
  }

  /** Reads a head as far as its empty line; null if it is none. */
  static @Nullable Request parse(String head) {
    String[] lines = head.split("\r\n", -1);
    String[] words = lines[0].split(" ", -1);
    if (words.length != 3 || !words[2].startsWith("HTTP/1.") || !words[1].startsWith("/")) {
      return null;
    }
    Map<String, String> headers = new HashMap<>();
    for (int i = 1; i < lines.length && !lines[i].isEmpty(); i++) {
      int colon = lines[i].indexOf(':');
      if (colon <= 0) {
        return null;
      }
      headers.put(
          lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
          lines[i].substring(colon + 1).strip());
    }
    int query = words[1].indexOf('?');
    return new Request(words[0], query < 0 ? words[1] : words[1].substring(0, query), headers);
  }
}
