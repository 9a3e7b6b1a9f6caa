package dev.carafe.cri;

import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.api.cri.v1.Mount;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Stores;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.Mounter;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.ResolveFlags;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Snapshotter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Images as volumes: a snapshot of the image, mounted below the container's directory ({@code
 * ID/images/KIND-N}) as long as the container exists. The snapshot lives as long as the container's
 * record.
 */
final class ImageVolumes {
  private static final Logger log = LoggerFactory.getLogger(ImageVolumes.class);
  static final String HELD_BY = "containerd.io/gc.bref.container";
  private static final String READ_ONLY = "image";
  private static final String WRITABLE = "volume";
  private static final int MOST = 64;

  private final Metadata metadata;
  private final CriImages images;
  private final Mounter mounter;
  private final Path root;

  ImageVolumes(Metadata metadata, CriImages images, Mounter mounter, Path root) {
    this.metadata = metadata;
    this.images = images;
    this.mounter = mounter;
    this.root = root;
  }

  /**
   * A container's configuration with the ids of its volumes' images, and where they are.
   *
   * @param sources by place in the container
   */
  record Volumes(ContainerConfig config, Map<String, Path> sources) {}

  private static boolean isImage(Mount mount) {
    return mount.hasImage() && !mount.getImage().getImage().isEmpty();
  }

  /**
   * Mounts the images of a container. If it fails, {@link #remove} has to follow.
   *
   * @param stores under a lease, which holds the views until the container's record does
   * @param labels of their snapshots
   */
  Volumes create(Stores stores, String id, ContainerConfig config, Map<String, String> labels) {
    ContainerConfig.Builder changed = config.toBuilder();
    Map<String, Path> sources = new LinkedHashMap<>();
    for (int i = 0; i < config.getMountsCount(); i++) {
      Mount mount = config.getMounts(i);
      if (!isImage(mount)) {
        continue;
      }
      if (sources.size() == MOST) {
        throw new InvalidArgumentException("container: more than " + MOST + " volumes of images");
      }
      check(mount);
      CriImage image = images.verified(mount.getImage().getImage());
      Path volume = mount(stores, id, sources.size(), image, labels);
      sources.put(mount.getContainerPath(), below(volume, mount));
      changed.setMounts(
          i,
          mount.toBuilder().setImage(mount.getImage().toBuilder().setImageRef(image.id())).build());
    }
    return new Volumes(changed.build(), sources);
  }

  private static void check(Mount mount) {
    String what = "container: mount \"" + mount.getContainerPath() + "\": volume of an image";
    if (!mount.getReadonly()) {
      throw new InvalidArgumentException(what + " is not read-only");
    }
    if (!mount.getHostPath().isEmpty()) {
      throw new InvalidArgumentException(what + " has a host path, too");
    }
    String path = mount.getImageSubPath();
    if (path.startsWith("/")
        || path.length() > 4096
        || path.indexOf(0) >= 0
        || List.of(path.split("/", -1)).contains("..")) {
      throw new InvalidArgumentException(what + ": sub path is not relative, or leads upwards");
    }
  }

  private Path mount(
      Stores stores, String id, int number, CriImage image, Map<String, String> labels) {
    Snapshotter snapshotter = stores.snapshotter(images.snapshotter());
    SnapshotKey key = key(id, READ_ONLY, number);
    return mount(id, key, snapshotter.view(key, parent(image), held(id, labels)));
  }

  /**
   * Mounts a writable snapshot of an image, as a volume that begins with what the image has at a
   * path; {@link #remove} takes it away.
   */
  Path writable(
      Stores stores,
      String id,
      int number,
      CriImage image,
      RawPath path,
      Map<String, String> labels) {
    Snapshotter snapshotter = stores.snapshotter(images.snapshotter());
    SnapshotKey key = key(id, WRITABLE, number);
    Path volume = mount(id, key, snapshotter.prepare(key, parent(image), held(id, labels)));
    return below(volume, path);
  }

  private static Map<String, String> held(String id, Map<String, String> labels) {
    Map<String, String> all = new LinkedHashMap<>(labels);
    all.put(HELD_BY, id);
    return all;
  }

  private static @Nullable SnapshotKey parent(CriImage image) {
    return image.chainId().isEmpty() ? null : new SnapshotKey(image.chainId());
  }

  private Path mount(String id, SnapshotKey key, List<dev.carafe.spi.mounts.Mount> snapshot) {
    Path place = directory(id).resolve(key.value().substring(id.length() + 1));
    try {
      Files.createDirectories(place);
    } catch (IOException e) {
      throw new UncheckedIOException("volume of an image of container " + id, e);
    }
    mounter.mount(snapshot, place);
    return place;
  }

  /** The sub path is resolved inside the volume, whatever links lie on the way. */
  private static Path below(Path volume, Mount mount) {
    if (mount.getImageSubPath().isEmpty()) {
      return volume;
    }
    try {
      return below(volume, RawPath.of(mount.getImageSubPath()));
    } catch (ErrnoException e) {
      throw new InvalidArgumentException(
          "container: mount \""
              + mount.getContainerPath()
              + "\": sub path \""
              + mount.getImageSubPath()
              + "\" of the image: "
              + e.getMessage(),
          e);
    }
  }

  private static Path below(Path volume, RawPath path) {
    long inside = ResolveFlags.IN_ROOT | ResolveFlags.NO_MAGICLINKS | ResolveFlags.NO_XDEV;
    try (Fd top = PathCalls.open(volume, OpenFlags.PATH, 0);
        Fd found = PathCalls.openat2(top, path, OpenFlags.PATH, 0, inside)) {
      return Path.of(PathCalls.readlinkat(Fd.CWD, found.procPath()).toString());
    }
  }

  private static SnapshotKey key(String id, String kind, int number) {
    return new SnapshotKey(id + "-" + kind + "-" + number);
  }

  private Path directory(String id) {
    return root.resolve(id).resolve("images");
  }

  /** Unmounts the volumes of a container, and forgets their snapshots. Idempotent. */
  void remove(String id) {
    if (!Files.exists(directory(id))) {
      return;
    }
    unmount(mounter, root.resolve(id));
    Snapshotter snapshotter = metadata.stores(Records.NAMESPACE).snapshotter(images.snapshotter());
    try (DirectoryStream<Path> places = Files.newDirectoryStream(directory(id))) {
      for (Path place : places) {
        try {
          snapshotter.remove(new SnapshotKey(id + "-" + place.getFileName()));
        } catch (NotFoundException e) {
          log.debug("container {}: volume {} is gone", id, place);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("volumes of container " + id, e);
    }
  }

  /** Unmounts the volumes in a container's directory. */
  static void unmount(Mounter mounter, Path container) {
    Path directory = container.resolve("images");
    if (Files.exists(directory)) {
      mounter.detachAll(directory);
    }
  }
}
