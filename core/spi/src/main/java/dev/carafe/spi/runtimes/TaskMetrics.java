package dev.carafe.spi.runtimes;

import java.time.Instant;
import java.util.Map;

/**
 * Statistics of a task.
 *
 * @param kind the message that the values are named after: {@code io.containerd.cgroups.v1.Metrics}
 *     or {@code ...v2.Metrics}
 * @param values by the message's field names; Long (unsigned), String, Map (a message) or List of
 *     Map (a repeated one)
 */
public record TaskMetrics(Instant at, String kind, Map<String, Object> values) {
  public static final String CGROUPS_V1 = "io.containerd.cgroups.v1.Metrics";
  public static final String CGROUPS_V2 = "io.containerd.cgroups.v2.Metrics";

  public TaskMetrics {
    values = Map.copyOf(values);
  }
}
