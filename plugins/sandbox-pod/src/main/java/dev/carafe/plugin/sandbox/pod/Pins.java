package dev.carafe.plugin.sandbox.pod;

import dev.carafe.linux.MountInfo;
import dev.carafe.linux.Mounter;
import dev.carafe.linux.Namespaces;
import dev.carafe.linux.RawPath;
import dev.carafe.spi.mounts.Mount;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** Namespaces that are held by a mount of their file, and by nothing else. */
final class Pins {
  private static final Path HOSTNAME = Path.of("/proc/sys/kernel/hostname");

  private final Mounter mounter;

  Pins(Mounter mounter) {
    this.mounter = mounter;
  }

  /** Makes namespaces and pins them in {@code directory}; if it fails, nothing is left of them. */
  void make(Path directory, Set<PodNamespace> namespaces, String hostname) throws IOException {
    Files.createDirectories(directory);
    for (PodNamespace namespace : namespaces) {
      Path pin = directory.resolve(namespace.file());
      if (!Files.exists(pin)) {
        Files.createFile(pin);
      }
    }
    int flags = namespaces.stream().mapToInt(PodNamespace::flag).reduce(0, (a, b) -> a | b);
    try {
      Namespaces.inNew(flags, () -> pin(directory, namespaces, hostname));
    } catch (RuntimeException | Error e) {
      release(directory);
      throw e;
    }
  }

  /** On the thread that is in the new namespaces, but in the daemon's mount namespace. */
  private boolean pin(Path directory, Set<PodNamespace> namespaces, String hostname) {
    for (PodNamespace namespace : namespaces) {
      mounter.mount(
          List.of(
              new Mount("bind", "/proc/thread-self/ns/" + namespace.file(), "", List.of("bind"))),
          directory.resolve(namespace.file()));
    }
    if (!hostname.isEmpty()) {
      try {
        Files.writeString(HOSTNAME, hostname);
      } catch (IOException e) {
        throw new UncheckedIOException("hostname " + hostname, e);
      }
    }
    return true;
  }

  /** Whether all are pinned in {@code directory}. */
  boolean areThere(Path directory, Set<PodNamespace> namespaces) throws IOException {
    Path real = directory.toRealPath();
    List<MountInfo> mounts = MountInfo.atOrBelow(RawPath.of(real));
    return namespaces.stream()
        .allMatch(namespace -> {
          RawPath pin = RawPath.of(real.resolve(namespace.file()));
          return mounts.stream()
              .anyMatch(mount -> mount.mountPoint().equals(pin) && mount.type().equals("nsfs"));
        });
  }

  /** Lets go of whatever is pinned in {@code directory}. Idempotent. */
  void release(Path directory) {
    for (PodNamespace namespace : PodNamespace.values()) {
      mounter.detachAll(directory.resolve(namespace.file()));
    }
  }
}
