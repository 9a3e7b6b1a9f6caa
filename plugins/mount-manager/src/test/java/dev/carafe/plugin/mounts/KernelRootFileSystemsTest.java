package dev.carafe.plugin.mounts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.linux.MountInfo;
import dev.carafe.linux.Mounter;
import dev.carafe.linux.RawPath;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.mounts.RootFileSystems.Found;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelRootFileSystemsTest {
  private final KernelRootFileSystems roots = new KernelRootFileSystems(Mounter.kernel());
  @TempDir Path work;
  private Path files;
  private Path root;
  private Path outside;

  @BeforeEach
  void directories() throws IOException {
    files = Files.createDirectories(work.resolve("files/etc"));
    Files.writeString(files.resolve("name"), "inside");
    files = files.getParent();
    root = Files.createDirectory(work.resolve("root"));
    outside = Files.createDirectory(work.resolve("outside"));
    Files.writeString(outside.resolve("name"), "outside");
  }

  @AfterEach
  void unmount() {
    roots.unmount(root);
    assertEquals(0, mounts());
  }

  private long mounts() {
    return MountInfo.atOrBelow(RawPath.of(work)).size();
  }

  private Mount bindFiles() {
    return new Mount("bind", files.toString(), List.of("rbind", "rw"));
  }

  private static Mount below(Path source, String target, String... options) {
    return new Mount("bind", source.toString(), target, List.of(options));
  }

  private String read(String path) throws IOException {
    try (Found found = roots.find(root, path, true)) {
      return Files.readString(found.path());
    }
  }

  @Test
  void placesThatAreMissingAreMadeAsTheirKind() throws IOException {
    // When
    roots.mount(
        root,
        List.of(
            bindFiles(),
            below(outside, "/var/lib/it", "rbind"),
            below(outside.resolve("name"), "/etc/hosts", "bind", "ro")),
        false);

    // Then
    assertEquals("outside", read("/var/lib/it/name"));
    assertEquals("outside", read("etc/hosts"));
    assertEquals("inside", read("etc/name"));
    assertThrows(IOException.class, () -> Files.writeString(root.resolve("etc/hosts"), "x"));

    // When
    roots.unmount(root);
    roots.unmount(root);

    // Then
    assertEquals(0, mounts());
    assertEquals("", Files.readString(files.resolve("etc/hosts")));
  }

  @Test
  void aReadOnlyRootKeepsWhatIsBelowAsItIs() throws IOException {
    // When
    roots.mount(root, List.of(bindFiles(), below(outside, "/new", "rbind")), true);

    // Then
    assertThrows(IOException.class, () -> Files.writeString(root.resolve("etc/name"), "x"));
    Files.writeString(root.resolve("new/more"), "x");
    assertTrue(Files.exists(outside.resolve("more")));
  }

  @Test
  void aMountThatFailsUndoesThoseBefore() {
    assertThrows(
        FailedPreconditionException.class,
        () ->
            roots.mount(
                root, List.of(bindFiles(), below(work.resolve("none"), "/x", "rbind")), false));
    assertEquals(0, mounts());
  }

  @Test
  void noPlaceIsMadeOutside() throws IOException {
    // Given
    Files.createSymbolicLink(files.resolve("out"), outside);
    Files.createSymbolicLink(files.resolve("up"), Path.of("../../outside"));

    // When
    for (String target : List.of("/out/made", "/up/made", "/../outside/made")) {
      try {
        roots.mount(root, List.of(bindFiles(), below(files, target, "rbind")), false);
      } catch (FailedPreconditionException _) {
        // There is no such directory inside.
      }
      roots.unmount(root);
    }

    // Then
    assertFalse(Files.exists(outside.resolve("made")));
  }

  @Test
  void linksMeanWhatTheyMeanInside() throws IOException {
    // Given
    Files.createSymbolicLink(files.resolve("in"), Path.of("/etc/name"));
    Files.createSymbolicLink(files.resolve("out"), outside.resolve("name"));
    Files.createSymbolicLink(files.resolve("circle"), Path.of("circle"));
    roots.mount(root, List.of(bindFiles()), false);

    // Then
    assertEquals("inside", read("in"));
    assertEquals("inside", read("../../../etc/name"));
    for (String path : List.of("out", "circle", "none", "etc/name/below")) {
      assertThrows(NotFoundException.class, () -> read(path), path);
    }
    assertThrows(InvalidArgumentException.class, () -> read("etc\0name"));
    try (Found link = roots.find(root, "out", false)) {
      assertTrue(Files.readAttributes(link.path(), "unix:*").get("isSymbolicLink").equals(true));
    }
  }

  @Test
  void whatChangesMeanwhileNeverLeadsOutside() throws Exception {
    // Given a name that is now a directory, now a link to one that is outside
    Path inside = Files.createDirectory(files.resolve("real"));
    Files.writeString(inside.resolve("name"), "inside");
    roots.mount(root, List.of(bindFiles()), false);
    var stop = new AtomicBoolean();
    Thread changing =
        Thread.ofPlatform()
            .start(() -> {
              while (!stop.get()) {
                swap(inside);
                swap(outside);
              }
            });

    // When
    int seen = 0;
    try {
      for (int i = 0; i < 20_000; i++) {
        try {
          assertEquals("inside", read("swapped/name"));
          seen++;
        } catch (NotFoundException _) {
          // It was the link.
        }
      }
    } finally {
      stop.set(true);
      changing.join();
    }

    // Then
    assertTrue(seen > 0, "the directory was never seen");
  }

  /** Links to a directory of the tree by the name that it has inside, to others by their path. */
  private void swap(Path directory) {
    try {
      Path link = files.resolve("next");
      Files.createSymbolicLink(
          link,
          directory.startsWith(files)
              ? Path.of("/").resolve(files.relativize(directory))
              : directory);
      Files.move(link, files.resolve("swapped"), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
