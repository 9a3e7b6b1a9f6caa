package dev.carafe.plugin.runtime.oci;

import java.nio.file.Path;

/** Tells this run of the kernel from earlier ones. */
final class BootId {
  private static final class Value {
    static final String CURRENT =
        SmallFiles.read(Path.of("/proc/sys/kernel/random/boot_id")).trim();
  }

  private BootId() {}

  static String current() {
    return Value.CURRENT;
  }
}
