package dev.carafe.ttrpc;

import java.util.List;
import java.util.Map;

/**
 * What came with a call.
 *
 * @param metadata headers
 */
public record ServerCall(String service, String method, Map<String, List<String>> metadata) {
  public ServerCall {
    metadata = Map.copyOf(metadata);
  }

  /** The first value of a header, or the empty string. */
  public String header(String name) {
    List<String> values = metadata.getOrDefault(name, List.of());
    return values.isEmpty() ? "" : values.getFirst();
  }
}
