package dev.carafe.plugin.sandbox.pod;

import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.FilesystemStat;
import dev.carafe.linux.IdMapping;
import dev.carafe.linux.Mounter;
import dev.carafe.linux.Namespaces;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.UserNamespace;
import dev.carafe.spi.mounts.Mount;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Namespaces that are held by a mount of their file, and by nothing else. */
final class Pins {
  private static final Path OWN = Path.of("/proc/thread-self/ns");
  private static final Path HOSTNAME = Path.of("/proc/sys/kernel/hostname");

  private final Mounter mounter;

  Pins(Mounter mounter) {
    this.mounter = mounter;
  }

  /**
   * Makes namespaces and pins them in {@code directory}; if it fails, nothing is left of them.
   *
   * @param ids mapping of the user namespace, which owns the others; null if it is the host's
   */
  void make(Path directory, Set<PodNamespace> namespaces, String hostname, @Nullable IdMapping ids)
      throws IOException {
    Files.createDirectories(directory);
    for (PodNamespace namespace : namespaces) {
      Path pin = directory.resolve(namespace.file());
      if (!Files.exists(pin)) {
        Files.createFile(pin);
      }
    }
    int flags = namespaces.stream().mapToInt(PodNamespace::flag).reduce(0, (a, b) -> a | b);
    try {
      if (ids == null) {
        Namespaces.inNew(flags, () -> pin(OWN, directory, namespaces, () -> nameHost(hostname)));
      } else {
        UserNamespace.inNew(
            ids, flags, made -> pin(made, directory, namespaces, () -> nameHost(made, hostname)));
      }
    } catch (RuntimeException | Error e) {
      release(directory);
      throw e;
    }
  }

  /**
   * In the daemon's mount namespace.
   *
   * @param made where the namespaces' files are
   */
  private boolean pin(Path made, Path directory, Set<PodNamespace> namespaces, Runnable nameHost) {
    for (PodNamespace namespace : namespaces) {
      String file = made.resolve(namespace.file()).toString();
      mounter.mount(
          List.of(new Mount("bind", file, "", List.of("bind"))),
          directory.resolve(namespace.file()));
    }
    nameHost.run();
    return true;
  }

  private static void nameHost(Path made, String hostname) {
    if (!hostname.isEmpty()) {
      try (Fd uts = PathCalls.open(made.resolve(PodNamespace.UTS.file()), OpenFlags.RDONLY, 0)) {
        Namespaces.in(
            uts,
            Namespaces.NEWUTS,
            () -> {
              nameHost(hostname);
              return true;
            });
      }
    }
  }

  /** On a thread that is in the UTS namespace. */
  private static void nameHost(String hostname) {
    if (!hostname.isEmpty()) {
      try {
        Files.writeString(HOSTNAME, hostname);
      } catch (IOException e) {
        throw new UncheckedIOException("hostname " + hostname, e);
      }
    }
  }

  /** Whether all are pinned in {@code directory}. */
  boolean areThere(Path directory, Set<PodNamespace> namespaces) {
    return namespaces.stream().allMatch(namespace -> isPin(directory.resolve(namespace.file())));
  }

  private static boolean isPin(Path file) {
    try {
      return FileCalls.statfs(RawPath.of(file)).type() == FilesystemStat.NSFS;
    } catch (ErrnoException e) {
      return false;
    }
  }

  /** Lets go of whatever is pinned in {@code directory}. Idempotent. */
  void release(Path directory) {
    for (PodNamespace namespace : PodNamespace.values()) {
      Path pin = directory.resolve(namespace.file());
      if (!mounter.unmountAt(pin)) {
        mounter.detachAll(pin);
      }
    }
  }
}
