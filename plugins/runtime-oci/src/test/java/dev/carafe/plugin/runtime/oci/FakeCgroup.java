package dev.carafe.plugin.runtime.oci;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A directory that looks like a cgroup. */
final class FakeCgroup {
  private final Path directory;

  FakeCgroup(Path directory) throws IOException {
    this.directory = Files.createDirectories(directory);
  }

  FakeCgroup file(String name, String content) throws IOException {
    Files.writeString(directory.resolve(name), content);
    return this;
  }

  Path directory() {
    return directory;
  }

  TaskCgroup unified() {
    return new TaskCgroup(true, Map.of("", directory.toString()));
  }

  /** The same directory for every version 1 controller. */
  TaskCgroup legacy() {
    String path = directory.toString();
    return new TaskCgroup(
        false,
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
