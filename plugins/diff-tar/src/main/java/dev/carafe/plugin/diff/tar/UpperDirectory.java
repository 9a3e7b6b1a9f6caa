package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.DirectoryReader;
import dev.carafe.linux.DirectoryReader.Entry;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.RawPath;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.mounts.Mount;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The shorter way from one snapshot to its child on overlayfs: the child's upper directory is the
 * difference, in overlayfs's own words (kernel documentation, "Overlay Filesystem"). Files that
 * were touched and put back as they were come along.
 */
final class UpperDirectory {
  private static final String REDIRECT = "trusted.overlay.redirect";
  private static final String METACOPY = "trusted.overlay.metacopy";
  private static final String LOWER = "lowerdir";
  private static final List<String> OTHER_WORDS =
      List.of("userxattr", "metacopy=on", "redirect_dir=on", "redirect_dir=follow");

  private final ChangeWriter changes;
  private final TarDifferConfig limits;
  private final Runnable checkpoint;

  UpperDirectory(ChangeWriter changes, TarDifferConfig limits, Runnable checkpoint) {
    this.changes = changes;
    this.limits = limits;
    this.checkpoint = checkpoint;
  }

  /**
   * The upper directory of {@code upper}, if everything below it is just what {@code lower} shows.
   */
  static Optional<String> between(List<Mount> lower, List<Mount> upper) {
    if (lower.size() != 1 || upper.size() != 1) {
      return Optional.empty();
    }
    Mount old = lower.getFirst();
    Mount now = upper.getFirst();
    List<String> layers = layers(now);
    if (!now.type().equals("overlay")
        || !now.target().isEmpty()
        || !old.target().isEmpty()
        || layers.isEmpty()
        || now.options().stream().anyMatch(OTHER_WORDS::contains)) {
      return Optional.empty();
    }
    boolean sameLayers =
        old.type().equals("overlay")
            && layers(old).equals(layers)
            && ReadOnlyMounts.upperDirectory(old).isEmpty();
    boolean onlyLayer = isBind(old) && layers.equals(List.of(LOWER + "=" + old.source()));
    return sameLayers || onlyLayer ? ReadOnlyMounts.upperDirectory(now) : Optional.empty();
  }

  private static boolean isBind(Mount mount) {
    return mount.type().equals("bind")
        || mount.options().contains("bind")
        || mount.options().contains("rbind");
  }

  private static List<String> layers(Mount mount) {
    return mount.options().stream().filter(option -> option.startsWith(LOWER)).toList();
  }

  /** Whether it holds only what an archive can say: nothing that points into lower layers. */
  boolean isSelfContained(Fd directory) {
    return isSelfContained(directory, 0);
  }

  private boolean isSelfContained(Fd directory, int depth) {
    checkDepth(depth);
    for (RawPath name : names(directory)) {
      checkpoint.run();
      TreeFile file = TreeFile.of(directory, name);
      if (file.isDirectory()) {
        if (file.attribute(REDIRECT).isPresent()) {
          return false;
        }
        try (Fd child = file.openDirectory()) {
          if (!isSelfContained(child, depth + 1)) {
            return false;
          }
        }
      } else if (file.stat().isRegular() && file.attribute(METACOPY).isPresent()) {
        return false;
      }
    }
    return true;
  }

  /** Writes it all, names in byte order. */
  void write(@Nullable Fd lower, Fd upper) throws InterruptedException {
    changes.root(lower, upper);
    write(RawPath.EMPTY, upper, 0);
  }

  private void write(RawPath path, Fd directory, int depth) throws InterruptedException {
    checkDepth(depth);
    for (RawPath name : names(directory)) {
      checkpoint.run();
      RawPath full = path.resolve(name);
      try {
        write(path, full, TreeFile.of(directory, name), depth);
      } catch (ErrnoException e) {
        throw Failures.of("\"" + EntryName.show(full.bytes()) + "\"", e);
      }
    }
  }

  private void write(RawPath parent, RawPath path, TreeFile file, int depth)
      throws InterruptedException {
    if (Directories.isWhiteout(file.stat())) {
      changes.deleted(parent, file.name());
      return;
    }
    changes.changed(path, file);
    if (file.isDirectory()) {
      if (file.attribute(Attributes.OPAQUE).filter(UpperDirectory::isYes).isPresent()) {
        changes.opaque(path);
      }
      try (Fd child = file.openDirectory()) {
        write(path, child, depth + 1);
      }
    }
  }

  private static boolean isYes(byte[] value) {
    return value.length == 1 && value[0] == 'y';
  }

  private void checkDepth(int depth) {
    if (depth > limits.maxDepth()) {
      throw new ResourceExhaustedException("more than " + limits.maxDepth() + " components");
    }
  }

  private TreeSet<RawPath> names(Fd directory) {
    TreeSet<RawPath> names = new TreeSet<>();
    try (DirectoryReader reader = DirectoryReader.open(directory)) {
      for (Entry entry = reader.next(); entry != null; entry = reader.next()) {
        names.add(entry.name());
        if (names.size() > limits.maxEntries()) {
          throw new ResourceExhaustedException(
              "a directory of more than " + limits.maxEntries() + " names");
        }
      }
    }
    return names;
  }
}
