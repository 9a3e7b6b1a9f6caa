package dev.carafe.daemon;

import dev.carafe.spi.errors.FailedPreconditionException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Keeps two daemons off one root directory, before any plugin looks at it. The kernel frees it with
 * the process, however that ends.
 */
final class RootLock implements AutoCloseable {
  private final FileChannel file;

  private RootLock(FileChannel file) {
    this.file = file;
  }

  /**
   * Takes the lock {@code ROOT/lock}, making the directory if need be.
   *
   * @throws FailedPreconditionException if another daemon has it
   */
  static RootLock take(Path root) {
    try {
      if (!Files.isDirectory(root)) {
        Files.createDirectories(
            root,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
      FileChannel file =
          FileChannel.open(
              root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (file.tryLock() == null) {
        file.close();
        throw new FailedPreconditionException("root " + root + ": another daemon uses it");
      }
      return new RootLock(file);
    } catch (IOException e) {
      throw new UncheckedIOException("root " + root, e);
    }
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
