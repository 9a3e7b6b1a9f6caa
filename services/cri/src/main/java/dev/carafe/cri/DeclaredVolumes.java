package dev.carafe.cri;

import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.engine.stores.Stores;
import dev.carafe.linux.DetachedMount;
import dev.carafe.linux.DirectoryReader;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.FileStat;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.ResolveFlags;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.mounts.Mount;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Volumes that an image declares ({@code VOLUME}) and the kubelet does not fill: a directory each,
 * which begins with what the image has there. Nothing is copied: an empty one is made with the same
 * owner and mode, any other is a writable snapshot of the image. The image's paths are resolved
 * inside its root file system (CVE-2022-23648).
 */
final class DeclaredVolumes {
  private static final int MOST = 64;
  private static final int MODE = 07777;
  private static final long INSIDE = ResolveFlags.IN_ROOT | ResolveFlags.NO_MAGICLINKS;

  private final ImageVolumes mounts;
  private final Path root;

  DeclaredVolumes(ImageVolumes mounts, Path root) {
    this.mounts = mounts;
    this.root = root;
  }

  /**
   * Makes the directories.
   *
   * @param rootfs of the container, before anything runs in it
   * @param labels of snapshots
   * @return by place in the container
   */
  Map<String, Path> create(
      Stores stores,
      String id,
      ContainerConfig config,
      CriImage image,
      List<Mount> rootfs,
      Map<String, String> labels) {
    Map<String, Path> volumes = new LinkedHashMap<>();
    List<String> wanted =
        image.config().volumes().stream()
            .map(volume -> Path.of("/").resolve(volume).normalize())
            .filter(place -> place.getNameCount() > 0 && !isTaken(config, place))
            .map(Path::toString)
            .sorted()
            .distinct()
            .toList();
    if (wanted.size() > MOST) {
      throw new InvalidArgumentException("image " + image.id() + ": more than 64 volumes");
    }
    if (wanted.isEmpty()) {
      return volumes;
    }
    try (Fd top = DetachedMount.openLower(rootfs)) {
      for (String place : wanted) {
        volumes.put(place, create(stores, id, volumes.size(), image, place, top, labels));
      }
    }
    return volumes;
  }

  private static boolean isTaken(ContainerConfig config, Path place) {
    return config.getMountsList().stream()
        .anyMatch(mount -> Path.of(mount.getContainerPath()).normalize().equals(place));
  }

  private Path create(
      Stores stores,
      String id,
      int number,
      CriImage image,
      String place,
      Fd top,
      Map<String, String> labels) {
    RawPath path = RawPath.of(place.substring(1));
    try (Fd found = find(top, path)) {
      if (found != null && !isEmpty(found)) {
        return mounts.writable(stores, id, number, image, path, labels);
      }
      Path directory = root.resolve(id).resolve("volumes").resolve(Integer.toString(number));
      Files.createDirectories(directory);
      if (found != null) {
        FileStat stat = FileCalls.fstat(found);
        PathCalls.fchownat(Fd.CWD, RawPath.of(directory), stat.uid(), stat.gid(), 0);
        PathCalls.fchmodat(Fd.CWD, RawPath.of(directory), stat.permissions() & MODE);
      }
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException("volume " + place + " of container " + id, e);
    }
  }

  /** The image's directory of that name; null if it has none. */
  private static @Nullable Fd find(Fd top, RawPath path) {
    try {
      return PathCalls.openat2(top, path, OpenFlags.PATH | OpenFlags.DIRECTORY, 0, INSIDE);
    } catch (ErrnoException e) {
      return null;
    }
  }

  private static boolean isEmpty(Fd directory) {
    try (DirectoryReader reader = DirectoryReader.open(directory)) {
      return reader.next() == null;
    }
  }
}
