package dev.carafe.plugin.resources.cgroup;

import dev.carafe.spi.resources.GroupPlace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A directory that looks like a cgroup. */
final class FakeCgroup {
  private static final OomWatch NOT_WATCHED = new OomWatch("none");

  private final Path directory;

  FakeCgroup(Path directory) throws IOException {
    this.directory = Files.createDirectories(directory);
  }

  FakeCgroup file(String name, String content) throws IOException {
    Files.writeString(directory.resolve(name), content);
    return this;
  }

  static Cgroup legacy(Map<String, String> paths) {
    return new Cgroup(new GroupPlace(false, paths), NOT_WATCHED);
  }

  Path directory() {
    return directory;
  }

  Cgroup unified() {
    return new Cgroup(new GroupPlace(true, Map.of("", directory.toString())), NOT_WATCHED);
  }

  /** The same directory for every version 1 controller. */
  Cgroup legacy() {
    String path = directory.toString();
    return legacy(
        Map.ofEntries(
            Map.entry("pids", path),
            Map.entry("cpu", path),
            Map.entry("cpuacct", path),
            Map.entry("memory", path),
            Map.entry("blkio", path),
            Map.entry("rdma", path),
            Map.entry("hugetlb", path),
            Map.entry("freezer", path)));
  }
}
