package dev.carafe.spi.resources;

import java.util.Map;

/**
 * Where the kernel keeps a group, as it is written down to find it again.
 *
 * @param unified whether its controllers are those of cgroup version 2
 * @param paths absolute directories by controller; version 2 under the empty name, which a machine
 *     with both versions has beside the others
 */
public record GroupPlace(boolean unified, Map<String, String> paths) {
  /** Nowhere. */
  public static final GroupPlace NONE = new GroupPlace(false, Map.of());

  public GroupPlace {
    paths = Map.copyOf(paths);
  }

  /** Whether there is no group. */
  public boolean isNone() {
    return paths.isEmpty();
  }
}
