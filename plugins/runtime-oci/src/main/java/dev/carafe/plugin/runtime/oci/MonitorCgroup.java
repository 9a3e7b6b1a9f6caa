package dev.carafe.plugin.runtime.oci;

import dev.carafe.plugin.runtime.oci.CgroupMounts.CgroupMount;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;

/** The {@code shim_cgroup} option: moves a monitor to a cgroup that exists, in each hierarchy. */
final class MonitorCgroup {
  private MonitorCgroup() {}

  static void move(String cgroup, long pid) {
    if (!cgroup.startsWith("/") || Path.of(cgroup).normalize().toString().length() < 2) {
      throw new InvalidArgumentException("shim_cgroup \"" + cgroup + "\": not a cgroup's path");
    }
    boolean found = false;
    try {
      CgroupMounts mounts = CgroupMounts.current();
      var all = new ArrayList<CgroupMount>(mounts.byController().values());
      if (mounts.unified() != null) {
        all.add(mounts.unified());
      }
      for (CgroupMount mount : new LinkedHashSet<>(all)) {
        Path directory = mount.directory(cgroup);
        if (directory != null && Files.isDirectory(directory)) {
          CgroupFiles.write(directory.resolve("cgroup.procs"), Long.toString(pid));
          found = true;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("shim_cgroup \"" + cgroup + "\": " + e.getMessage(), e);
    }
    if (!found) {
      throw new NotFoundException("shim_cgroup \"" + cgroup + "\": no such cgroup");
    }
  }
}
