package dev.carafe.plugin.snapshotter.overlayfs;

import dev.carafe.linux.AtFlags;
import dev.carafe.linux.DetachedMount;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.FileStat;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.TreeRemover;
import dev.carafe.plugin.snapshotter.support.SnapshotKind;
import dev.carafe.plugin.snapshotter.support.SnapshotPlace;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.mounts.Mount;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Finds out, by doing it, whether overlayfs works on top of a directory's file system: mounts,
 * where nobody sees it, a small overlay, writes, and deletes a file of the lower directory. The
 * good answer is noted in {@code ROOT/probe} together with what it depends on, and is not asked for
 * again until kernel or file system are others.
 */
final class OverlayProbe {
  private static final Path KERNEL = Path.of("/proc/version");
  private static final String MAPS_IDS = "maps ids\n";
  private static final String MAPS_NO_IDS = "maps no ids\n";
  private static final long OTHER = 100_000;
  private static final RawPath NAME = RawPath.of("file");

  private OverlayProbe() {}

  /**
   * @throws FailedPreconditionException if it does not work, with the kernel's words
   */
  static OverlayFeatures probe(Path root) {
    OverlayFeatures features = OverlayFeatures.ofThisMachine();
    Path note = root.resolve("probe");
    try {
      String machine = machine(root, features);
      String noted = Files.exists(note) ? Files.readString(note) : "";
      if (noted.equals(machine + MAPS_NO_IDS)) {
        return features;
      }
      if (noted.equals(machine + MAPS_IDS)) {
        return features.withMappedIds();
      }
      OverlayFeatures found = features;
      Path directory = root.resolve("probe.new");
      try {
        TreeRemover.remove(directory);
        PathCalls.mkdirat(Fd.CWD, RawPath.of(directory), 0700);
        attempt(directory, features);
        if (mapsIds(directory, features)) {
          found = features.withMappedIds();
        }
      } catch (ErrnoException e) {
        throw unusable(root, e);
      } finally {
        TreeRemover.remove(directory);
      }
      try (FileOutputStream out = new FileOutputStream(note.toFile())) {
        String answer = machine + (found.mapsIds() ? MAPS_IDS : MAPS_NO_IDS);
        out.write(answer.getBytes(StandardCharsets.UTF_8));
      }
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether a file of the lower directory is somebody else's where ids are mapped. */
  private static boolean mapsIds(Path directory, OverlayFeatures features) {
    OverlayFiles files = new OverlayFiles(features.withMappedIds(), OverlayfsConfig.DEFAULT);
    String mapping = "0:" + OTHER + ":1";
    SnapshotPlace lower = new SnapshotPlace(SnapshotKind.ACTIVE, directory.resolve("1"), List.of());
    SnapshotPlace upper =
        new SnapshotPlace(
            SnapshotKind.ACTIVE,
            make(directory, "3"),
            List.of(lower.files()),
            Map.of(
                "containerd.io/snapshot/uidmapping",
                mapping,
                "containerd.io/snapshot/gidmapping",
                mapping));
    files.create(upper);
    try (Fd root = DetachedMount.open(files.mounts(upper))) {
      return PathCalls.statx(root, NAME, 0).uid() == OTHER;
    } catch (ErrnoException | UncheckedIOException e) {
      return false;
    }
  }

  private static FailedPreconditionException unusable(Path root, ErrnoException why) {
    return new FailedPreconditionException(
        "overlayfs does not work on "
            + root
            + ": "
            + why.getMessage()
            + "; use the native snapshotter",
        why);
  }

  /** What the answer depends on. */
  private static String machine(Path root, OverlayFeatures features) throws IOException {
    FileStore store = Files.getFileStore(root);
    String kernel = Files.readString(KERNEL);
    return String.join("\n", kernel.strip(), store.type(), store.name(), features.toString(), "");
  }

  private static void attempt(Path directory, OverlayFeatures features) {
    OverlayFiles files = new OverlayFiles(features, OverlayfsConfig.DEFAULT);
    SnapshotPlace lower = new SnapshotPlace(SnapshotKind.ACTIVE, make(directory, "1"), List.of());
    files.create(lower);
    write(lower.files());
    SnapshotPlace upper =
        new SnapshotPlace(SnapshotKind.ACTIVE, make(directory, "2"), List.of(lower.files()));
    files.create(upper);
    List<Mount> mounts = files.mounts(upper);
    try (Fd root = DetachedMount.open(mounts)) {
      PathCalls.unlinkat(root, NAME, 0);
      int create = OpenFlags.WRONLY | OpenFlags.CREAT | OpenFlags.EXCL;
      PathCalls.openat(root, RawPath.of("new"), create, 0600).close();
    }
    try (Fd written = PathCalls.open(upper.files(), OpenFlags.PATH, 0)) {
      FileStat whiteout = PathCalls.statx(written, NAME, AtFlags.SYMLINK_NOFOLLOW);
      if (whiteout.type() != FileStat.CHARACTER_DEVICE || whiteout.rdevMajor() != 0) {
        throw new FailedPreconditionException("overlayfs leaves no whiteouts in " + upper.files());
      }
      PathCalls.statx(written, RawPath.of("new"), 0);
    }
  }

  private static Path make(Path directory, String name) {
    Path made = directory.resolve(name);
    PathCalls.mkdirat(Fd.CWD, RawPath.of(made), 0700);
    return made;
  }

  private static void write(Path directory) {
    try (Fd to = PathCalls.open(directory, OpenFlags.PATH, 0);
        Fd file = PathCalls.openat(to, NAME, OpenFlags.WRONLY | OpenFlags.CREAT, 0600)) {
      FileIo.writeFully(file, new byte[] {1});
    }
  }
}
