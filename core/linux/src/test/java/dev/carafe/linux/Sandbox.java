package dev.carafe.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.function.Executable;

/** A directory of a test's own, with an open descriptor, that is removed whatever is in it. */
final class Sandbox implements AutoCloseable {
  final Path path;
  final Fd dir;

  Sandbox() {
    try {
      path = Files.createTempDirectory("carafe-linux-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    dir = PathCalls.open(path, OpenFlags.RDONLY | OpenFlags.DIRECTORY, 0);
  }

  Fd create(String name) {
    return PathCalls.openat(
        dir, RawPath.of(name), OpenFlags.RDWR | OpenFlags.CREAT | OpenFlags.EXCL, 0644);
  }

  Fd create(String name, String text) {
    Fd fd = create(name);
    FileIo.writeFully(fd, text.getBytes(StandardCharsets.UTF_8));
    FileCalls.lseek(fd, 0, FileCalls.SEEK_SET);
    return fd;
  }

  Fd openPath(String name) {
    return PathCalls.openat(dir, RawPath.of(name), OpenFlags.PATH | OpenFlags.NOFOLLOW, 0);
  }

  static void assertErrno(int errno, Executable call) {
    var thrown = Assertions.assertThrows(ErrnoException.class, call);
    Assertions.assertEquals(Errno.name(errno), Errno.name(thrown.errno()), thrown.getMessage());
  }

  static int openDescriptors() {
    try (var list = Files.list(Path.of("/proc/self/fd"))) {
      return (int) list.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    dir.close();
    TreeRemover.remove(path);
  }
}
