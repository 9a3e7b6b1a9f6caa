package dev.carafe.linux;

import dev.carafe.spi.mounts.Mount;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * File systems in files: with the option {@code loop} on a loop device; EROFS, whose images may be
 * many, as the kernel can take it: from the file itself (Linux 6.12), else on loop devices. A
 * device ends with the mount.
 */
final class FileBacked {
  private static final String EROFS = "erofs";
  private static final String DEVICE = "device=";

  private FileBacked() {}

  /** Mounts with a source that the kernel takes. */
  static <T> T mount(Mount mount, MountOptions options, Function<Mount, T> with) {
    if (options.loop()) {
      return onDevices(mount, options, with);
    }
    if (!mount.type().equals(EROFS) || !Files.isRegularFile(Path.of(mount.source()))) {
      return with.apply(mount);
    }
    try {
      return with.apply(mount);
    } catch (ErrnoException e) {
      if (!e.is(Errno.ENOTBLK)) {
        throw e;
      }
      return onDevices(mount, options, with);
    }
  }

  private static <T> T onDevices(Mount mount, MountOptions options, Function<Mount, T> with) {
    boolean readOnly = options.isReadOnly() || mount.type().equals(EROFS);
    List<LoopDevice> devices = new ArrayList<>();
    try {
      String source = attach(mount.source(), readOnly, devices);
      List<String> settings = new ArrayList<>();
      for (String option : mount.options()) {
        boolean further = mount.type().equals(EROFS) && option.startsWith(DEVICE);
        settings.add(
            further
                ? DEVICE + attach(option.substring(DEVICE.length()), readOnly, devices)
                : option);
      }
      return with.apply(new Mount(mount.type(), source, mount.target(), settings));
    } finally {
      devices.forEach(LoopDevice::close);
    }
  }

  private static String attach(String file, boolean readOnly, List<LoopDevice> devices) {
    LoopDevice device = LoopDevice.temporary(Path.of(file), readOnly);
    devices.add(device);
    return device.path().toString();
  }
}
