package dev.carafe.testkit.runtimes;

import dev.carafe.linux.Fd;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Reads an output FIFO as containerd's client does: opened before the task is created, in the
 * background because that waits for the other end, and read to its end.
 */
public final class FifoReader implements AutoCloseable {
  private final Path path;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final CountDownLatch end = new CountDownLatch(1);
  private volatile boolean stopped;

  public FifoReader(Path path) {
    this.path = path;
    Thread.ofPlatform().daemon().name("fifo " + path.getFileName()).start(this::read);
  }

  private void read() {
    var block = new byte[8192];
    try (Fd fifo = PathCalls.open(path, OpenFlags.RDONLY, 0)) {
      int count;
      while (!stopped && (count = FileIo.read(fifo, block, 0, block.length)) > 0) {
        synchronized (bytes) {
          bytes.write(block, 0, count);
        }
      }
    } finally {
      end.countDown();
    }
  }

  public String text() {
    synchronized (bytes) {
      return bytes.toString(StandardCharsets.UTF_8);
    }
  }

  public int size() {
    synchronized (bytes) {
      return bytes.size();
    }
  }

  public boolean ended(Duration limit) throws InterruptedException {
    return end.await(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  public boolean isEnded() {
    return end.getCount() == 0;
  }

  /** What is there to read at first; more may come. */
  public String firstBytes() throws Exception {
    Await.until("bytes in " + path, () -> size() > 0);
    return text();
  }

  /** Everything up to the end of the file, which has to come. */
  public String all() throws InterruptedException {
    if (!ended(Await.LIMIT)) {
      throw new AssertionError("no end of " + path + " after " + text());
    }
    return text();
  }

  /** Goes away like a client that dies. */
  @Override
  public void close() throws InterruptedException {
    stopped = true;
    // Ends a wait for a writer, and a wait for bytes.
    try (Fd fifo = PathCalls.open(path, OpenFlags.RDWR | OpenFlags.NONBLOCK, 0)) {
      if (!isEnded()) {
        FileIo.write(fifo, new byte[1], 0, 1);
        ended(Await.LIMIT);
      }
    }
  }
}
