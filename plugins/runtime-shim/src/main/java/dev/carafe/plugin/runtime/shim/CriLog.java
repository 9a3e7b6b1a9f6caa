package dev.carafe.plugin.runtime.shim;

import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.EventLoop;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.spi.logs.CriLogFormat;
import dev.carafe.spi.runtimes.TaskStreams.Output;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what a shim puts into the FIFOs of a task into a file in the log format of CRI. Each piece
 * that is read is written at once; one without the end of its line is marked {@code P}. The FIFOs
 * are open at both ends, and the shim has them open, too: while no daemon runs, output waits in
 * them, and a process that fills them waits for the next daemon.
 */
final class CriLog implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CriLog.class);

  /** The longest piece of a line in bytes, as that of conmon. */
  private static final int PIECE = 8 << 10;

  /** How many pieces a turn reads, and how many are read in the end: what a FIFO can hold. */
  private static final int PIECES = (1 << 20) / PIECE;

  private final CriLogPlan plan;
  private final EventLoop loop;
  private final List<Source> sources;
  private final @Nullable Fd input;
  private final ReentrantLock typing = new ReentrantLock();
  private final List<CriLogClient> clients = new CopyOnWriteArrayList<>();
  private Fd file;
  private boolean complained;
  private boolean closed;

  private CriLog(CriLogPlan plan, EventLoop loop, Bundle bundle) {
    this.plan = plan;
    this.loop = loop;
    this.file = open(plan.file());
    this.input = plan.hasInput() ? fifo(bundle.stdin()) : null;
    this.sources =
        plan.terminal()
            ? List.of(new Source(bundle.stdout(), false))
            : List.of(new Source(bundle.stdout(), false), new Source(bundle.stderr(), true));
    sources.forEach(Source::begin);
  }

  /** Begins to write, or goes on where an earlier daemon was. */
  static CriLog start(CriLogPlan plan, EventLoop loop, Bundle bundle) {
    return new CriLog(plan, loop, bundle);
  }

  private static Fd open(Path file) {
    return PathCalls.open(
        file,
        OpenFlags.WRONLY
            | OpenFlags.APPEND
            | OpenFlags.CREAT
            | OpenFlags.NONBLOCK
            | OpenFlags.NOCTTY
            | OpenFlags.CLOEXEC,
        0640);
  }

  private static Fd fifo(Path path) {
    try {
      PathCalls.mkfifoat(Fd.CWD, RawPath.of(path), 0600);
    } catch (ErrnoException e) {
      if (!e.is(Errno.EEXIST)) {
        throw e;
      }
    }
    return PathCalls.open(path, OpenFlags.RDWR | OpenFlags.NONBLOCK | OpenFlags.NOFOLLOW, 0);
  }

  /** One of the outputs. */
  private final class Source {
    private final Fd fifo;
    private final boolean stderr;
    private EventLoop.@Nullable Registration registration;

    Source(Path path, boolean stderr) {
      this.fifo = fifo(path);
      this.stderr = stderr;
    }

    void begin() {
      registration = loop.watch(fifo, EventLoop.READABLE, (self, events) -> read());
    }

    void read() {
      synchronized (CriLog.this) {
        var block = new byte[PIECE];
        for (int i = 0; i < PIECES && fifo.isOpen(); i++) {
          try {
            int count = FileIo.read(fifo, block, 0, block.length);
            take(new Output(stderr, Arrays.copyOf(block, count)));
          } catch (ErrnoException e) {
            if (e.is(Errno.EAGAIN)) {
              return;
            }
            throw e;
          }
        }
      }
    }

    void end() {
      if (registration != null) {
        registration.close();
      }
      read();
      fifo.close();
    }
  }

  private void take(Output output) {
    try {
      FileIo.writeFully(file, CriLogFormat.records(output.stderr(), Instant.now(), output.bytes()));
      complained = false;
    } catch (ErrnoException e) {
      if (!complained) {
        complained = true;
        LOG.error("log {}: output is dropped: {}", plan.file(), e.getMessage());
      }
    }
    for (CriLogClient client : clients) {
      if (!client.offer(output)) {
        clients.remove(client);
      }
    }
  }

  /** Writes into a new file of the same name from now on. */
  synchronized void reopen() {
    if (!closed) {
      Fd next = open(plan.file());
      file.close();
      file = next;
    }
  }

  /**
   * Connects a client; null if the process has ended.
   *
   * @param onEnd what the end of its input means
   */
  synchronized @Nullable CriLogClient attach(Runnable onEnd) {
    if (closed) {
      return null;
    }
    var client = new CriLogClient(this, plan.endsInput() ? onEnd : () -> {});
    clients.add(client);
    return client;
  }

  void detach(CriLogClient client) {
    clients.remove(client);
  }

  /** Sends input, waiting while the process does not read; dropped where there is none. */
  void write(byte[] bytes, int offset, int length) throws InterruptedException {
    if (input == null) {
      return;
    }
    typing.lockInterruptibly();
    try {
      type(input, bytes, offset, length);
    } finally {
      typing.unlock();
    }
  }

  private void type(Fd to, byte[] bytes, int offset, int length) throws InterruptedException {
    int done = 0;
    while (to.isOpen() && done < length) {
      try {
        done += FileIo.write(to, bytes, offset + done, length - done);
      } catch (ErrnoException e) {
        if (!e.is(Errno.EAGAIN)) {
          throw e;
        }
        var ready = loop.ready(to, EventLoop.WRITABLE);
        try {
          ready.get();
        } catch (ExecutionException failed) {
          throw new IllegalStateException(failed);
        } finally {
          ready.cancel(false);
        }
      }
    }
  }

  /** Writes what is there still, and lets go. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    sources.forEach(Source::end);
    clients.forEach(CriLogClient::end);
    clients.clear();
    file.close();
    if (input != null) {
      input.close();
    }
  }
}
