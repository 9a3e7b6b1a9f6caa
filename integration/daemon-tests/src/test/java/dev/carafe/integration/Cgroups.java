package dev.carafe.integration;

import java.nio.file.Files;
import java.nio.file.Path;

/** Containers' cgroups as the host sees them. */
final class Cgroups {
  private static final Path ROOT = Path.of("/sys/fs/cgroup");

  private Cgroups() {}

  /**
   * A file of a container's cgroup, whichever version the machine has.
   *
   * @param old controller and file of version 1
   * @param unified file of version 2
   */
  static String read(Carafe carafe, String container, String old, String unified) {
    if (Files.exists(ROOT.resolve("cgroup.controllers"))) {
      return Leaks.read(ROOT.resolve(carafe.namespace()).resolve(container).resolve(unified))
          .strip();
    }
    int slash = old.indexOf('/');
    Path group =
        ROOT.resolve(old.substring(0, slash)).resolve(carafe.namespace()).resolve(container);
    return Leaks.read(group.resolve(old.substring(slash + 1))).strip();
  }
}
