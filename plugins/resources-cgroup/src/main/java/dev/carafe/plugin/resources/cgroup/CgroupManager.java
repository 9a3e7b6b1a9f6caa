package dev.carafe.plugin.resources.cgroup;

import dev.carafe.plugin.resources.cgroup.CgroupMounts.CgroupMount;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.resources.GroupPlace;
import dev.carafe.spi.resources.PossibleLimits;
import dev.carafe.spi.resources.ResourceGroup;
import dev.carafe.spi.resources.ResourceManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * The kernel's control groups, by one of two ways of naming them. A group that was made is the same
 * for both: its files are read and written here, whoever made it.
 */
final class CgroupManager implements ResourceManager, AutoCloseable {
  private static final Path OWN = Path.of("/proc/self/cgroup");

  private final Naming naming;
  private final CgroupMounts mounts;
  private final OomWatch oom;
  private final PossibleLimits possible;

  /** How groups are called. */
  interface Naming {
    boolean systemd();

    /** See {@link ResourceManager#path}. */
    String path(String parent, String otherwise, String name);

    /**
     * The group that an OCI runtime makes for a path, from the top of a hierarchy, or empty if the
     * path is none.
     */
    String group(String path);
  }

  CgroupManager(Naming naming, CgroupMounts mounts) {
    this.naming = naming;
    this.mounts = mounts;
    this.oom = new OomWatch("oom-" + (naming.systemd() ? "systemd" : "cgroupfs"));
    this.possible = MachineLimits.of(mounts);
  }

  static CgroupManager open(Naming naming) {
    try {
      return new CgroupManager(naming, CgroupMounts.current());
    } catch (IOException e) {
      throw new UncheckedIOException("mounts of cgroups: " + e.getMessage(), e);
    }
  }

  @Override
  public boolean systemd() {
    return naming.systemd();
  }

  @Override
  public String path(String parent, String otherwise, String name) {
    return naming.path(parent, otherwise, name);
  }

  @Override
  public PossibleLimits possible() {
    return possible;
  }

  @Override
  public ResourceGroup of(long pid) {
    try {
      return reopen(
          mounts.place(
              CgroupMounts.membership(Path.of("/proc/" + pid + "/cgroup")),
              CgroupMounts.membership(OWN)));
    } catch (NoSuchFileException _) {
      return reopen(GroupPlace.NONE);
    } catch (IOException e) {
      throw new UncheckedIOException("cgroup of pid " + pid + ": " + e.getMessage(), e);
    }
  }

  @Override
  public ResourceGroup named(String path) {
    String group = naming.group(path);
    if (group.isEmpty()) {
      return reopen(GroupPlace.NONE);
    }
    Map<String, String> members = new HashMap<>();
    mounts.byController().keySet().forEach(controller -> members.put(controller, group));
    members.put("", group);
    try {
      return reopen(mounts.place(members, CgroupMounts.membership(OWN)));
    } catch (IOException e) {
      throw new UncheckedIOException("own cgroup: " + e.getMessage(), e);
    }
  }

  @Override
  public ResourceGroup reopen(GroupPlace place) {
    return new Cgroup(place, oom);
  }

  @Override
  public void join(String cgroup, long pid) {
    String group = CgroupPaths.belowTop(cgroup);
    if (group.isEmpty()) {
      throw new InvalidArgumentException("cgroup \"" + cgroup + "\": not a cgroup's path");
    }
    boolean found = false;
    try {
      for (CgroupMount mount : mounts.all()) {
        Path directory = mount.directory(group);
        if (directory != null && Files.isDirectory(directory)) {
          CgroupFiles.write(directory.resolve("cgroup.procs"), Long.toString(pid));
          found = true;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cgroup \"" + cgroup + "\": " + e.getMessage(), e);
    }
    if (!found) {
      throw new NotFoundException("cgroup \"" + cgroup + "\": no such cgroup");
    }
  }

  @Override
  public void close() {
    oom.close();
  }
}
