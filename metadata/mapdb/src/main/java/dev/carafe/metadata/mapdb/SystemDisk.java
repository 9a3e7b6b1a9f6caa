package dev.carafe.metadata.mapdb;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * The real file system. Random access files rather than channels: an interrupt closes a channel in
 * the middle of a write. Mode {@code rwd} is O_DSYNC: write and force in one system call.
 */
final class SystemDisk implements Disk {
  @Override
  public Output create(Path path) throws IOException {
    Output output = open(path, "rw");
    output.truncate(0);
    return output;
  }

  @Override
  public Output open(Path path) throws IOException {
    return open(path, "rw");
  }

  @Override
  public Output openDurable(Path path) throws IOException {
    return open(path, "rwd");
  }

  private static Output open(Path path, String mode) throws IOException {
    var file = new RandomAccessFile(path.toFile(), mode);
    return new Output() {
      @Override
      public void write(long position, byte[] bytes, int length) throws IOException {
        file.seek(position);
        file.write(bytes, 0, length);
      }

      @Override
      public void truncate(long length) throws IOException {
        file.setLength(length);
      }

      @Override
      public void sync() throws IOException {
        file.getFD().sync();
      }

      @Override
      public void close() throws IOException {
        file.close();
      }
    };
  }

  @Override
  public void sync(Path path) throws IOException {
    try (var file = new RandomAccessFile(path.toFile(), "rw")) {
      file.getFD().sync();
    }
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public void deleteIfExists(Path path) throws IOException {
    Files.deleteIfExists(path);
  }
}
