package dev.carafe.plugin.runtime.oci;

import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.EventLoop;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.spi.errors.DeadlineExceededException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The FIFO at which a process that runc has created waits for its start: it writes one byte once
 * somebody reads, and goes on. {@code runc start} does no more than to read it and remove it, and
 * is a process of its own. crun's works the other way round.
 */
final class StartFifo {
  private final EventLoop loop;
  private final Path fifo;

  private StartFifo(EventLoop loop, Path fifo) {
    this.loop = loop;
    this.fifo = fifo;
  }

  /** Whether a task's start is no more than that. */
  static boolean isAllOf(TaskState state) {
    return state.plain() && Path.of(state.settings().binary()).endsWith("runc");
  }

  static StartFifo of(EventLoop loop, TaskState state) {
    return new StartFifo(loop, state.settings().startFifo(state.id()));
  }

  /**
   * Lets the process go on. The FIFO is removed first, as it stands for a process that waits.
   *
   * @param end of the process
   * @return whether it went on; if not, {@code runc start} says why
   * @throws DeadlineExceededException if it neither wrote nor ended in time
   */
  boolean read(CompletableFuture<?> end, Duration limit) throws InterruptedException {
    try (Fd reader =
        PathCalls.open(fifo, OpenFlags.RDONLY | OpenFlags.NONBLOCK | OpenFlags.NOFOLLOW, 0)) {
      CompletableFuture<Integer> written = loop.ready(reader, EventLoop.READABLE);
      try {
        Files.delete(fifo);
        CompletableFuture.anyOf(written, end).get(limit.toNanos(), TimeUnit.NANOSECONDS);
        return FileIo.read(reader, new byte[1], 0, 1) == 1;
      } finally {
        written.cancel(false);
      }
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.EAGAIN)) {
        return false;
      }
      throw e;
    } catch (TimeoutException e) {
      throw new DeadlineExceededException("start: not begun within " + limit.toSeconds() + " s", e);
    } catch (IOException | ExecutionException _) {
      return false;
    }
  }
}
