package dev.carafe.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Steps that make a directory's contents, to be done ({@link #applyTo}) and to be compared with
 * ({@link #assertSameAs}). Immutable.
 *
 * {@snippet :
 * FsTree base = FsTree.of(dir("/etc", 0755), file("/etc/hosts", "localhost"));
 * FsTree changed = base.then(remove("/etc/hosts"));
 * }
 */
public final class FsTree {
  private static final FsTree EMPTY = new FsTree(List.of());

  private final List<FsChange> changes;

  private FsTree(List<FsChange> changes) {
    this.changes = List.copyOf(changes);
  }

  /** These steps, in this order. */
  public static FsTree of(FsChange... changes) {
    return new FsTree(List.of(changes));
  }

  /** No steps. */
  public static FsTree empty() {
    return EMPTY;
  }

  /** A file of mode 0644. */
  public static FsChange file(String path, String text) {
    return file(path, text, 0644);
  }

  public static FsChange file(String path, String text, int mode) {
    return new FsChange.File(path, text, mode);
  }

  public static FsChange sparse(String path, long hole, String tail) {
    return new FsChange.SparseFile(path, hole, tail);
  }

  public static FsChange dir(String path, int mode) {
    return new FsChange.Directory(path, mode);
  }

  public static FsChange symlink(String path, String target) {
    return new FsChange.Symlink(path, target);
  }

  public static FsChange link(String path, String existing) {
    return new FsChange.HardLink(path, existing);
  }

  public static FsChange remove(String path) {
    return new FsChange.Remove(path);
  }

  public static FsChange rename(String from, String to) {
    return new FsChange.Rename(from, to);
  }

  public static FsChange mode(String path, int mode) {
    return new FsChange.Mode(path, mode);
  }

  public static FsChange owner(String path, int uid, int gid) {
    return new FsChange.Owner(path, uid, gid);
  }

  public static FsChange time(String path, Instant modified) {
    return new FsChange.Time(path, modified);
  }

  public static FsChange attribute(String path, String name, String value) {
    return new FsChange.Attribute(path, name, value);
  }

  /** These steps and then those. */
  public FsTree then(FsChange... more) {
    return then(of(more));
  }

  /** These steps and then those. */
  public FsTree then(FsTree more) {
    return new FsTree(Stream.concat(changes.stream(), more.changes.stream()).toList());
  }

  /** Does the steps in {@code directory}. */
  public void applyTo(Path directory) {
    for (FsChange change : changes) {
      try {
        apply(change, directory);
      } catch (IOException e) {
        throw new UncheckedIOException(change + ": " + e, e);
      }
    }
  }

  /**
   * Fails unless {@code directory} has the same files as an empty directory in which the steps were
   * done: names, types, modes, owners, bytes, link targets, hard links and extended attributes;
   * times where a step set them.
   */
  public void assertSameAs(Path directory) {
    Path expected;
    try {
      expected = Files.createTempDirectory("carafe-testkit-expected-");
      Files.setAttribute(expected, "unix:mode", 0755);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try {
      applyTo(expected);
      Set<String> timed = timed();
      assertEquals(
          String.join("\n", FsListing.of(expected, timed)),
          String.join("\n", FsListing.of(directory, timed)),
          () -> "files in " + directory);
    } finally {
      Trees.delete(expected);
    }
  }

  private Set<String> timed() {
    Set<String> timed = new HashSet<>();
    for (FsChange change : changes) {
      if (change instanceof FsChange.Time(String path, Instant _)) {
        timed.add(path);
      }
    }
    return timed;
  }

  private static void apply(FsChange change, Path root) throws IOException {
    switch (change) {
      case FsChange.File(String path, String text, int mode) -> {
        Files.writeString(at(root, path), text);
        setMode(at(root, path), mode);
      }
      case FsChange.SparseFile(String path, long hole, String tail) -> {
        try (FileChannel file =
            FileChannel.open(
                at(root, path), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
          ByteBuffer bytes = ByteBuffer.wrap(tail.getBytes(StandardCharsets.UTF_8));
          long position = hole;
          while (bytes.hasRemaining()) {
            position += file.write(bytes, position);
          }
        }
        setMode(at(root, path), 0644);
      }
      case FsChange.Directory(String path, int mode) -> {
        if (!Files.isDirectory(at(root, path), LinkOption.NOFOLLOW_LINKS)) {
          Files.createDirectory(at(root, path));
        }
        setMode(at(root, path), mode);
      }
      case FsChange.Symlink(String path, String target) ->
          Files.createSymbolicLink(at(root, path), Path.of(target));
      case FsChange.HardLink(String path, String existing) ->
          Files.createLink(at(root, path), at(root, existing));
      case FsChange.Remove(String path) -> Trees.delete(at(root, path));
      case FsChange.Rename(String from, String to) -> Files.move(at(root, from), at(root, to));
      case FsChange.Mode(String path, int mode) -> setMode(at(root, path), mode);
      case FsChange.Owner(String path, int uid, int gid) -> {
        Files.setAttribute(at(root, path), "unix:uid", uid, LinkOption.NOFOLLOW_LINKS);
        Files.setAttribute(at(root, path), "unix:gid", gid, LinkOption.NOFOLLOW_LINKS);
      }
      case FsChange.Time(String path, Instant modified) ->
          Files.setLastModifiedTime(at(root, path), FileTime.from(modified));
      case FsChange.Attribute(String path, String name, String value) ->
          Files.getFileAttributeView(at(root, path), UserDefinedFileAttributeView.class)
              .write(name, ByteBuffer.wrap(value.getBytes(StandardCharsets.UTF_8)));
    }
  }

  private static void setMode(Path path, int mode) throws IOException {
    Files.setAttribute(path, "unix:mode", mode);
  }

  private static Path at(Path root, String path) {
    if (!path.startsWith("/")) {
      throw new IllegalArgumentException("path \"" + path + "\" is not absolute");
    }
    return path.equals("/") ? root : root.resolve(path.substring(1));
  }

  @Override
  public String toString() {
    return new ArrayList<>(changes).toString();
  }
}
