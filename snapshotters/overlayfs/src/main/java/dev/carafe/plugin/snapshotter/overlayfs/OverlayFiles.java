package dev.carafe.plugin.snapshotter.overlayfs;

import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.FileStat;
import dev.carafe.linux.IdMapping;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.XattrCalls;
import dev.carafe.plugin.snapshotter.support.SnapshotFiles;
import dev.carafe.plugin.snapshotter.support.SnapshotKind;
import dev.carafe.plugin.snapshotter.support.SnapshotPlace;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.snapshots.Capability;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot's files are an overlay's upper directory while it is written, and a lower one once it
 * is committed. Mounts have containerd's shapes: the first layer is a bind mount of its own
 * directory, a view of one layer a read-only bind mount of that layer's, everything else an
 * overlay.
 */
final class OverlayFiles implements SnapshotFiles {
  private static final String UPPERDIR = "containerd.io/snapshot/overlay.upperdir";
  private static final String UID_MAPPING = "containerd.io/snapshot/uidmapping";
  private static final String GID_MAPPING = "containerd.io/snapshot/gidmapping";
  private static final String VOLATILE = "volatile";
  private static final int ROOT_MODE = 0755;
  private static final int WORK_MODE = 0711;

  private final OverlayfsConfig config;
  private final Set<Capability> capabilities;
  private final List<String> readOptions = new ArrayList<>();
  private final List<String> writeOptions;

  OverlayFiles(OverlayFeatures features, OverlayfsConfig config) {
    this.config = config;
    EnumSet<Capability> all = EnumSet.of(Capability.CLEANUP, Capability.SURVIVES_RESTART);
    if (features.indexKnown()) {
      readOptions.add("index=off");
    }
    if (features.userNamespace()) {
      // Nobody but the first user namespace can make the marks that REBASE relies on.
      readOptions.add("userxattr");
    } else {
      all.add(Capability.REBASE);
      all.add(Capability.OVERLAY_WHITEOUTS);
    }
    if (features.mapsIds()) {
      all.add(Capability.REMAP_IDS);
    }
    capabilities = Set.copyOf(all);
    writeOptions = new ArrayList<>(readOptions);
    for (String option : config.mountOptions()) {
      writeOptions.add(option);
      if (!option.equals(VOLATILE) && !option.equals("fsync=volatile")) {
        readOptions.add(option);
      }
    }
  }

  @Override
  public Set<Capability> capabilities() {
    return capabilities;
  }

  @Override
  public boolean removesAtOnce() {
    return config.syncRemove();
  }

  @Override
  public Map<String, String> labels(Path files) {
    return config.upperdirLabel() ? Map.of(UPPERDIR, files.toString()) : Map.of();
  }

  @Override
  public void create(SnapshotPlace place) {
    IdMapping ids = mapping(place);
    makeDirectory(place.files(), ROOT_MODE);
    if (!place.parents().isEmpty()) {
      likeItsParent(place.files(), place.parents().getFirst());
    }
    if (ids != null) {
      own(place.files(), ids);
    }
    if (place.kind() == SnapshotKind.ACTIVE) {
      makeDirectory(place.work(), WORK_MODE);
    }
  }

  /** How ids are to be shown; null if as they are. */
  private @Nullable IdMapping mapping(SnapshotPlace place) {
    String uids = place.labels().getOrDefault(UID_MAPPING, "");
    String gids = place.labels().getOrDefault(GID_MAPPING, "");
    if (uids.isEmpty() && gids.isEmpty()) {
      return null;
    }
    if (!capabilities.contains(Capability.REMAP_IDS)) {
      throw new FailedPreconditionException(
          "this kernel or file system cannot show the layers of an overlay with mapped ids");
    }
    try {
      return IdMapping.parse(uids, gids);
    } catch (IllegalArgumentException e) {
      throw new InvalidArgumentException("labels " + UID_MAPPING + ", gidmapping: " + e, e);
    }
  }

  /** What is written is not mapped: the top directory belongs to whom its owner stands for. */
  private static void own(Path path, IdMapping ids) {
    try (Fd directory =
        PathCalls.open(path, OpenFlags.RDONLY | OpenFlags.DIRECTORY | OpenFlags.NOFOLLOW, 0)) {
      FileStat stat = FileCalls.fstat(directory);
      FileCalls.fchown(directory, ids.uid(stat.uid()), ids.gid(stat.gid()));
    } catch (IllegalArgumentException e) {
      throw new InvalidArgumentException(
          "owner of the image's top directory: " + e.getMessage(), e);
    }
  }

  private static void makeDirectory(Path path, int mode) {
    RawPath raw = RawPath.of(path);
    PathCalls.mkdirat(Fd.CWD, raw, mode);
    PathCalls.fchmodat(Fd.CWD, raw, mode);
  }

  /** The root of an overlay shows the upper directory's owner, mode and attributes only. */
  private static void likeItsParent(Path path, Path parent) {
    int flags = OpenFlags.RDONLY | OpenFlags.DIRECTORY | OpenFlags.NOFOLLOW;
    try (Fd from = PathCalls.open(parent, flags, 0);
        Fd to = PathCalls.open(path, flags, 0)) {
      FileStat like = FileCalls.fstat(from);
      FileCalls.fchown(to, like.uid(), like.gid());
      FileCalls.fchmod(to, like.permissions());
      for (String name : XattrCalls.list(from)) {
        if (!name.startsWith("trusted.overlay.") && !name.startsWith("user.overlay.")) {
          XattrCalls.get(from, name).ifPresent(value -> set(to, name, value));
        }
      }
    }
  }

  private static void set(Fd fd, String name, byte[] value) {
    try {
      XattrCalls.set(fd, name, value, 0);
    } catch (ErrnoException e) {
      if (!e.is(Errno.EOPNOTSUPP)) {
        throw e;
      }
    }
  }

  @Override
  public List<Mount> mounts(SnapshotPlace place) {
    boolean writable = place.kind() == SnapshotKind.ACTIVE;
    if (place.parents().isEmpty()) {
      return bind(place.files(), List.of(writable ? "rw" : "ro", "rbind"));
    }
    List<String> mapped = mapped(place);
    if (!writable && place.parents().size() == 1) {
      List<String> options = new ArrayList<>(mapped);
      options.addAll(List.of("ro", "rbind"));
      return bind(place.parents().getFirst(), options);
    }
    List<String> options = new ArrayList<>(writable ? writeOptions : readOptions);
    options.addAll(mapped);
    if (writable) {
      options.add("workdir=" + escaped(place.work()));
      options.add("upperdir=" + escaped(place.files()));
    }
    options.add(
        place.parents().stream()
            .map(OverlayFiles::escaped)
            .collect(Collectors.joining(":", "lowerdir=", "")));
    return List.of(new Mount("overlay", "overlay", options));
  }

  /** containerd's options. */
  private List<String> mapped(SnapshotPlace place) {
    IdMapping ids = mapping(place);
    return ids == null ? List.of() : List.of("uidmap=" + ids.uidText(), "gidmap=" + ids.gidText());
  }

  private static List<Mount> bind(Path source, List<String> options) {
    return List.of(new Mount("bind", source.toString(), options));
  }

  /**
   * What overlayfs and the list of mount options would take for separators (kernel, overlayfs.rst).
   */
  static String escaped(Path path) {
    return path.toString().replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,");
  }
}
