package dev.carafe.plugin.runtime.shim;

import dev.carafe.linux.MountInfo;
import dev.carafe.linux.RawPath;
import dev.carafe.spi.runtimes.TaskLocation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/**
 * Every file of a task's bundle, as containerd's shims expect it. Files are 0600.
 *
 * <pre>
 * config.json            the specification
 * rootfs/                where the shim mounts the root file system
 * work                   link to a directory of the shim's own that survives a reboot
 * log                    FIFO that the shim logs to
 * shim-binary-path       the shim's program
 * bootstrap.json         where the shim listens: its presence says that it was started
 * intent.json            how to undo a creation that was cut off
 * exit.json              how the first process ended, once that cannot be asked any more
 * cri-log.json           where output goes that comes by the FIFOs stdout and stderr
 * stdin, stdout, stderr  those FIFOs
 * address, init.pid, options.json, runtime ...   the shim's own
 * </pre>
 */
record Bundle(Path directory) {
  private static final int LIMIT = 1 << 20;

  static Bundle of(TaskLocation location) {
    return new Bundle(location.bundle());
  }

  Path config() {
    return directory.resolve("config.json");
  }

  Path rootfs() {
    return directory.resolve("rootfs");
  }

  Path work() {
    return directory.resolve("work");
  }

  Path log() {
    return directory.resolve("log");
  }

  Path criLog() {
    return directory.resolve("cri-log.json");
  }

  Path stdin() {
    return directory.resolve("stdin");
  }

  Path stdout() {
    return directory.resolve("stdout");
  }

  Path stderr() {
    return directory.resolve("stderr");
  }

  Path binaryPath() {
    return directory.resolve("shim-binary-path");
  }

  Path bootstrap() {
    return directory.resolve("bootstrap.json");
  }

  Path intent() {
    return directory.resolve("intent.json");
  }

  Path exit() {
    return directory.resolve("exit.json");
  }

  /** The variable in the environment of everything that is started for this bundle. */
  String tag() {
    return "CARAFE_BUNDLE=" + directory;
  }

  boolean exists() {
    return Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS);
  }

  /** Makes a directory that others may pass through, but not read. */
  void makeRootfs() throws IOException {
    try {
      Files.createDirectory(rootfs());
      Files.setPosixFilePermissions(rootfs(), PosixFilePermissions.fromString("rwx--x--x"));
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(rootfs(), LinkOption.NOFOLLOW_LINKS)) {
        throw e;
      }
    }
  }

  /** Lets the root of a user namespace through to its files. */
  void openFor(long gid) throws IOException {
    Files.setAttribute(directory, "unix:gid", (int) gid, LinkOption.NOFOLLOW_LINKS);
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x---"));
  }

  /** Writes a file whole or not at all. */
  void write(Path file, byte[] bytes) {
    Path part = file.resolveSibling("." + file.getFileName() + ".new");
    try {
      try (FileChannel channel =
          FileChannel.open(
              part,
              Set.of(
                  StandardOpenOption.WRITE,
                  StandardOpenOption.CREATE,
                  StandardOpenOption.TRUNCATE_EXISTING,
                  LinkOption.NOFOLLOW_LINKS),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
      }
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException("bundle " + directory + ": " + e.getMessage(), e);
    }
  }

  /** What a file holds; empty if there is none that could be read. */
  static Optional<byte[]> read(Path file) {
    try (var in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      byte[] bytes = in.readNBytes(LIMIT + 1);
      return bytes.length > LIMIT ? Optional.empty() : Optional.of(bytes);
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  /** Removes the mount point, which must be empty: were it mounted, its content is the image's. */
  void removeRootfs() throws IOException {
    if (MountInfo.atOrBelow(RawPath.of(rootfs())).isEmpty()) {
      try {
        Files.delete(rootfs());
      } catch (NoSuchFileException _) {
        // Gone before.
      }
    }
  }
}
