package dev.carafe.metadata.mapdb;

import dev.carafe.spi.errors.FailedPreconditionException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Holds a directory for this process, and within the process for one owner. */
final class DirectoryLock implements AutoCloseable {
  /** To open a lock file a second time and close it again would release the first lock. */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path directory;
  private final FileChannel channel;

  private DirectoryLock(Path directory, FileChannel channel) {
    this.directory = directory;
    this.channel = channel;
  }

  /**
   * @throws FailedPreconditionException if the directory is held already
   */
  static DirectoryLock acquire(Layout layout) throws IOException {
    Path directory = layout.directory().toRealPath();
    if (!HELD.add(directory)) {
      throw inUse(layout, "this");
    }
    FileChannel channel = null;
    try {
      channel =
          FileChannel.open(layout.lock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = channel.tryLock();
      if (lock == null) {
        throw inUse(layout, "another");
      }
      return new DirectoryLock(directory, channel);
    } catch (Throwable e) {
      if (channel != null) {
        channel.close();
      }
      HELD.remove(directory);
      throw e;
    }
  }

  private static FailedPreconditionException inUse(Layout layout, String whose) {
    return new FailedPreconditionException(
        "metadata database %s: in use by %s process".formatted(layout.directory(), whose));
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException _) {
      // the lock ends with the process at the latest
    } finally {
      HELD.remove(directory);
    }
  }
}
