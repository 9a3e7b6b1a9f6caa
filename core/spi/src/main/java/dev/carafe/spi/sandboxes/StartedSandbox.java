package dev.carafe.spi.sandboxes;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A sandbox that was started.
 *
 * @param pid of a process that is in its namespaces, 0 if there is none
 * @param address where its task service listens, or empty
 * @param version of that task service, 0 if there is none
 */
public record StartedSandbox(
    long pid,
    Instant createdAt,
    Map<String, String> labels,
    String address,
    int version,
    @Nullable SandboxValue spec) {
  public StartedSandbox {
    labels = Map.copyOf(labels);
  }
}
