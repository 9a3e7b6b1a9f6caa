package dev.carafe.engine.tasks;

import dev.carafe.engine.stores.Namespace;
import dev.carafe.spi.runtimes.TaskLocation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where bundles are: {@code ROOT/NAMESPACE/ID}, the bundle 0700 (CVE-2021-41103), what is above
 * 0711. In it {@code rootfs}, which only {@code rmdir} touches: while it is still mounted nothing
 * below it may be removed.
 */
final class BundleDirectories {
  private static final Logger LOG = LoggerFactory.getLogger(BundleDirectories.class);
  private static final String ROOTFS = "rootfs";

  private final Path root;

  BundleDirectories(Path root) {
    this.root = root;
  }

  Path path(Namespace namespace, String id) {
    return root.resolve(namespace.name()).resolve(id);
  }

  /** Makes the bundle afresh; what an earlier task of the name left is removed. */
  void create(TaskLocation location) {
    Path bundle = location.bundle();
    remove(location);
    try {
      for (Path above : new Path[] {root, bundle.getParent()}) {
        Files.createDirectories(above);
        Files.setPosixFilePermissions(above, PosixFilePermissions.fromString("rwx--x--x"));
      }
      Files.createDirectory(
          bundle,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (IOException e) {
      throw new UncheckedIOException("bundle " + bundle, e);
    }
  }

  /** Removes a bundle as far as it can be; idempotent. */
  void remove(TaskLocation location) {
    Path bundle = location.bundle();
    try {
      Files.walkFileTree(bundle, new Remover(bundle.resolve(ROOTFS)));
    } catch (NoSuchFileException e) {
      return;
    } catch (IOException e) {
      LOG.warn("task {}: bundle left behind: {}", location, e.toString());
    }
  }

  private static final class Remover extends SimpleFileVisitor<Path> {
    private final Path rootfs;

    Remover(Path rootfs) {
      this.rootfs = rootfs;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
        throws IOException {
      if (directory.equals(rootfs)) {
        Files.delete(directory);
        return FileVisitResult.SKIP_SUBTREE;
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      Files.delete(file);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(
        Path directory, java.io.@org.jspecify.annotations.Nullable IOException failure)
        throws IOException {
      Files.delete(directory);
      return FileVisitResult.CONTINUE;
    }
  }
}
