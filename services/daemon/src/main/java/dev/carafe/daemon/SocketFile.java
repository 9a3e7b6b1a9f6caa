package dev.carafe.daemon;

import dev.carafe.spi.errors.FailedPreconditionException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** The file of the API's Unix socket: 0660, in a directory that only root writes. */
record SocketFile(Path path) {
  /**
   * Makes room for the socket: a file that a dead daemon left is removed.
   *
   * @throws FailedPreconditionException if another daemon listens there, or something else is there
   */
  static SocketFile claim(Path path) {
    try {
      Path parent = path.getParent();
      if (parent != null && !Files.isDirectory(parent)) {
        Files.createDirectories(
            parent,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx--x--x")));
      }
      if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        if (!isSocket(path)) {
          throw new FailedPreconditionException(
              "address " + path + ": something else than a socket is there");
        }
        if (answers(path)) {
          throw new FailedPreconditionException(
              "address " + path + ": another daemon listens there");
        }
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("address " + path, e);
    }
    return new SocketFile(path);
  }

  private static boolean isSocket(Path path) throws IOException {
    int mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    return (mode & 0170000) == 0140000;
  }

  private static boolean answers(Path path) {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return channel.connect(UnixDomainSocketAddress.of(path));
    } catch (IOException refused) {
      return false;
    }
  }

  void restrict() {
    try {
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-rw----"));
    } catch (IOException e) {
      throw new UncheckedIOException("address " + path, e);
    }
  }

  void release() {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new UncheckedIOException("address " + path, e);
    }
  }
}
