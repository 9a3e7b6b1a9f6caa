package dev.carafe.plugin.resources.cgroup;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** RDMA handles and objects, the same files in both versions. */
final class Rdma {
  /** {@code max} in a field of 32 bits. */
  private static final long UNLIMITED = 0xffff_ffffL;

  private Rdma() {}

  static @Nullable Map<String, Object> read(@Nullable Path directory) {
    if (directory == null) {
      return null;
    }
    List<Map<String, Object>> current = entries(directory.resolve("rdma.current"));
    List<Map<String, Object>> limit = entries(directory.resolve("rdma.max"));
    return current.isEmpty() && limit.isEmpty() ? null : Map.of("current", current, "limit", limit);
  }

  /** Lines of {@code mlx4_0 hca_handle=2 hca_object=max}. */
  private static List<Map<String, Object>> entries(Path file) {
    return CgroupFiles.read(file)
        .lines()
        .map(line -> line.split(" "))
        .filter(parts -> parts.length == 3)
        .map(parts -> {
          var entry = new HashMap<String, Object>();
          entry.put("device", parts[0]);
          for (int i = 1; i < parts.length; i++) {
            String[] pair = parts[i].split("=", 2);
            long value = pair.length == 2 ? CgroupFiles.number(pair[1]) : 0;
            entry.put(pair[0] + "s", value == CgroupFiles.MAX ? UNLIMITED : value);
          }
          return (Map<String, Object>) entry;
        })
        .toList();
  }
}
