package dev.carafe.plugin.runtime.shim;

import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.EventLoop;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileIo;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Collects what a program writes, up to a limit; the rest is read and dropped. Whoever inherited
 * the other end and keeps it open does not hold it up.
 */
final class ProgramOutput implements AutoCloseable {
  private final Fd fd;
  private final int limit;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final EventLoop.Registration registration;
  private boolean finished;

  /**
   * Begins to collect.
   *
   * @param fd does not block; stays the caller's
   */
  ProgramOutput(EventLoop loop, Fd fd, int limit) {
    this.fd = fd;
    this.limit = limit;
    this.registration =
        loop.watch(
            fd,
            EventLoop.READABLE,
            (self, events) -> {
              if (!readAvailable()) {
                self.close();
              }
            });
  }

  /** Whether more may come. */
  private synchronized boolean readAvailable() {
    if (finished) {
      return false;
    }
    byte[] block = new byte[8192];
    try {
      while (true) {
        int count = FileIo.read(fd, block, 0, block.length);
        if (count <= 0) {
          return false;
        }
        bytes.write(block, 0, Math.min(count, limit - bytes.size()));
      }
    } catch (ErrnoException e) {
      return e.is(Errno.EAGAIN);
    }
  }

  /** What has been written up to now; nothing is collected any more. */
  synchronized byte[] finish() {
    registration.close();
    readAvailable();
    finished = true;
    return bytes.toByteArray();
  }

  synchronized String text() {
    return bytes.toString(StandardCharsets.UTF_8).strip();
  }

  @Override
  public synchronized void close() {
    registration.close();
    finished = true;
  }
}
