package dev.carafe.engine.stores;

import dev.carafe.spi.mounts.Mount;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * Mounts that the daemon made for a client, under a name.
 *
 * @param directory where they are below the mount manager's, a name that is never given twice
 * @param lease that holds it, or empty
 * @param active what is mounted, in order
 * @param system what is left for the client to mount
 */
public record Activation(
    String name,
    String directory,
    String lease,
    List<Active> active,
    List<Mount> system,
    Map<String, String> labels) {
  public Activation {
    active = List.copyOf(active);
    system = List.copyOf(system);
    labels = Map.copyOf(labels);
  }

  /**
   * A mount that was made.
   *
   * @param mount as it was made
   */
  public record Active(Mount mount, Instant mountedAt, String mountPoint) {}

  public Activation withLabels(Map<String, String> newLabels) {
    return new Activation(name, directory, lease, active, system, newLabels);
  }
}
