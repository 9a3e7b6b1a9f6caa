package dev.carafe.plugin.resources.cgroup;

import dev.carafe.spi.resources.GroupPlace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where the cgroup hierarchies are mounted.
 *
 * @param byController version 1 mounts by controller, named hierarchies as {@code name=systemd}
 * @param unified the version 2 mount, or null
 */
record CgroupMounts(Map<String, CgroupMount> byController, @Nullable CgroupMount unified) {
  /** Limits what is read from procfs. */
  private static final int LIMIT = 1 << 20;

  private static volatile @Nullable CgroupMounts known;

  /**
   * @param root the cgroup that the mount shows as its top
   * @param point where it is
   */
  record CgroupMount(String root, Path point) {
    /** The directory of a cgroup, or null if the mount does not show it. */
    @Nullable Path directory(String cgroup) {
      if (root.equals("/")) {
        return point.resolve(cgroup.substring(1)).normalize();
      }
      if (cgroup.equals(root)) {
        return point;
      }
      return cgroup.startsWith(root + "/")
          ? point.resolve(cgroup.substring(root.length() + 1)).normalize()
          : null;
    }
  }

  /**
   * The mounts that this process sees. They are looked up once: hierarchies are mounted when a
   * machine starts, and the table of all mounts is long where many pods are.
   */
  static CgroupMounts current() throws IOException {
    CgroupMounts mounts = known;
    if (mounts == null) {
      mounts = parse(readLines(Path.of("/proc/self/mountinfo")));
      known = mounts;
    }
    return mounts;
  }

  static CgroupMounts parse(List<String> mountinfo) {
    var byController = new LinkedHashMap<String, CgroupMount>();
    CgroupMount unified = null;
    for (String line : mountinfo) {
      int dash = line.indexOf(" - ");
      if (dash < 0) {
        continue;
      }
      String[] before = line.substring(0, dash).split(" ");
      String[] after = line.substring(dash + 3).split(" ");
      if (before.length < 6 || after.length < 3 || !after[0].startsWith("cgroup")) {
        continue;
      }
      var mount = new CgroupMount(unescape(before[3]), Path.of(unescape(before[4])));
      if (after[0].equals("cgroup2")) {
        unified = unified == null ? mount : unified;
      } else {
        for (String option : after[2].split(",")) {
          byController.putIfAbsent(option, mount);
        }
      }
    }
    return new CgroupMounts(Map.copyOf(byController), unified);
  }

  /** Whether the controllers are those of version 2. */
  boolean isUnified() {
    return unified != null && !byController.containsKey("pids") && !byController.containsKey("cpu");
  }

  /**
   * Where the groups of {@code members} are; none that {@code daemon} is in, too.
   *
   * @param members group by controller, {@code ""} for version 2
   * @param daemon the daemon's own, likewise
   */
  GroupPlace place(Map<String, String> members, Map<String, String> daemon) {
    var paths = new LinkedHashMap<String, String>();
    members.forEach((controller, group) -> {
      String ours = daemon.getOrDefault(controller, "/");
      CgroupMount mount = controller.isEmpty() ? unified : byController.get(controller);
      Path directory = mount == null ? null : mount.directory(group);
      if (directory != null && !isSameOrBelow(ours, group)) {
        paths.put(controller, directory.toString());
      }
    });
    return paths.isEmpty() ? GroupPlace.NONE : new GroupPlace(isUnified(), paths);
  }

  private static boolean isSameOrBelow(String group, String above) {
    return group.equals(above) || above.equals("/") || group.startsWith(above + "/");
  }

  /** Every mount once. */
  Set<CgroupMount> all() {
    var all = new LinkedHashSet<>(byController.values());
    if (unified != null) {
      all.add(unified);
    }
    return all;
  }

  /** The cgroup of a process by controller, {@code ""} for version 2. */
  static Map<String, String> membership(Path procCgroup) throws IOException {
    var result = new LinkedHashMap<String, String>();
    for (String line : readLines(procCgroup)) {
      String[] parts = line.split(":", 3);
      if (parts.length == 3 && parts[2].startsWith("/")) {
        for (String controller : parts[1].split(",")) {
          result.put(controller, parts[2]);
        }
      }
    }
    return result;
  }

  private static List<String> readLines(Path file) throws IOException {
    try (var in = Files.newInputStream(file)) {
      return new String(in.readNBytes(LIMIT), StandardCharsets.UTF_8).lines().toList();
    }
  }

  /** mountinfo writes space, tab, newline and backslash as three octal digits. */
  private static String unescape(String field) {
    if (field.indexOf('\\') < 0) {
      return field;
    }
    var text = new StringBuilder();
    for (int i = 0; i < field.length(); i++) {
      char c = field.charAt(i);
      if (c == '\\' && i + 3 < field.length()) {
        text.append((char) Integer.parseInt(field.substring(i + 1, i + 4), 8));
        i += 3;
      } else {
        text.append(c);
      }
    }
    return text.toString();
  }
}
