package dev.carafe.ctr;

import dev.carafe.api.services.tasks.v1.CloseIORequest;
import dev.carafe.api.services.tasks.v1.ResizePtyRequest;
import dev.carafe.ctr.grpc.StatusException;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.Terminal;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A process's standard streams: FIFOs that this program copies from and to, signals and the size of
 * the terminal passed on; or, detached, a log. The terminal is put back on every way out.
 */
final class ProcessIo implements AutoCloseable {
  private static final int DRAIN_MILLIS = 2000;
  private static final int SIGKILL = Signals.number("KILL");
  private static final Fd TTY = Fd.borrow(0);

  private final Session session;
  private final String id;
  private final String execId;
  private final boolean terminal;
  private final String log;
  private final @Nullable FutureTask<Fifos> made;
  private final SignalForwarder signals;
  private final List<Thread> outputs = new ArrayList<>();
  private @Nullable Fifos fifos;
  private @Nullable OutputStream stdin;
  private Terminal.@Nullable RawMode raw;

  private ProcessIo(
      Session session,
      String id,
      String execId,
      boolean terminal,
      String log,
      @Nullable FutureTask<Fifos> made) {
    this.session = session;
    this.id = id;
    this.execId = execId;
    this.terminal = terminal;
    this.log = log;
    this.made = made;
    this.signals = new SignalForwarder(this::kill, this::abandon);
  }

  /**
   * As the flags {@code --detach} and {@code --log-uri} say. FIFOs are made on a thread of their
   * own, because the first kernel call of a program takes long: {@link #prepare} waits for them.
   *
   * @param execId empty for the task's own process
   */
  static ProcessIo open(
      Session session, String id, String execId, boolean terminal, boolean interactive) {
    String log = session.arguments().value("log-uri", "");
    if (session.arguments().has("detach")) {
      if (terminal || interactive) {
        throw new UsageException("a detached process has neither terminal nor standard input");
      }
      return new ProcessIo(session, id, execId, false, log, null);
    }
    if (!log.isEmpty()) {
      throw new UsageException("--log-uri is for --detach");
    }
    List<String> names = new ArrayList<>(List.of(Fifos.STDOUT));
    if (terminal || interactive) {
      names.add(Fifos.STDIN);
    }
    if (!terminal) {
      names.add(Fifos.STDERR);
    }
    FutureTask<Fifos> made = new FutureTask<>(() -> Fifos.make(session.fifoDirectory(), names));
    Thread.ofPlatform().daemon().name("fifos").start(made);
    ProcessIo io = new ProcessIo(session, id, execId, terminal, log, made);
    io.signals.install();
    return io;
  }

  boolean isDetached() {
    return made == null;
  }

  /**
   * Opens this program's ends of the FIFOs and takes the terminal over, before the daemon makes the
   * process.
   *
   * @throws InterruptedIOException if this program was asked to end in the meantime
   */
  void prepare() throws IOException {
    if (made == null) {
      return;
    }
    if (signals.endRequested()) {
      throw new InterruptedIOException("interrupted");
    }
    Fifos ready = await(made);
    fifos = ready;
    if (terminal && Terminal.isTerminal(TTY)) {
      raw = Terminal.rawMode(TTY);
    }
    if (!stdin().isEmpty()) {
      stdin = ready.sink(Fifos.STDIN);
    }
    Streams streams = session.streams();
    copy(ready.source(Fifos.STDOUT), streams.out());
    if (!stderr().isEmpty()) {
      copy(ready.source(Fifos.STDERR), streams.err());
    }
  }

  private static Fifos await(FutureTask<Fifos> made) throws IOException {
    try {
      return made.get();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      throw new IOException("FIFOs: " + (cause == null ? e : cause).getMessage(), e);
    } catch (InterruptedException e) {
      throw new IOException("interrupted", e);
    }
  }

  String stdin() {
    return fifos == null ? "" : fifos.path(Fifos.STDIN);
  }

  String stdout() {
    return fifos == null ? log : fifos.path(Fifos.STDOUT);
  }

  String stderr() {
    return fifos == null ? log : fifos.path(Fifos.STDERR);
  }

  private void copy(InputStream from, PrintStream to) {
    Thread thread = new Thread(() -> copyAll(from, to));
    thread.setDaemon(true);
    thread.start();
    outputs.add(thread);
  }

  /** What cannot be written is lost; a process without standard output ends, as by SIGPIPE. */
  private void copyAll(InputStream from, PrintStream to) {
    boolean broken = false;
    byte[] buffer = new byte[32 << 10];
    try (from) {
      for (int read = from.read(buffer); read >= 0; read = from.read(buffer)) {
        if (!broken) {
          to.write(buffer, 0, read);
          broken = to.checkError();
          if (broken && to == session.out()) {
            kill(SIGKILL);
          }
        }
      }
    } catch (IOException e) {
      session.streams().complain("output of " + id + ": " + e.getMessage());
    }
  }

  /** The process runs, or has run: passes on to it what comes in. */
  void attach() throws IOException {
    if (fifos == null) {
      return;
    }
    fifos.release();
    signals.deliver();
    if (raw != null) {
      resize();
      signals.onResize(this::resize);
    }
    OutputStream to = stdin;
    if (to != null) {
      Thread.ofPlatform().daemon().name("stdin").start(() -> copyInput(to));
    }
  }

  private void copyInput(OutputStream to) {
    InputStream in = session.streams().in();
    byte[] buffer = new byte[32 << 10];
    try (to) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        to.write(buffer, 0, read);
      }
    } catch (IOException e) {
      // The process has closed its input; there is nobody to tell.
    }
    CloseIORequest request =
        CloseIORequest.newBuilder().setContainerId(id).setExecId(execId).setStdin(true).build();
    try {
      session.channel().unary(Api.Tasks.CLOSE_IO, request);
    } catch (StatusException e) {
      // The process has ended before its input did.
    }
  }

  /** The size of this program's terminal, or null if it has none or the process gets none. */
  Terminal.@Nullable Size size() {
    try {
      Terminal.Size size = terminal && Terminal.isTerminal(TTY) ? Terminal.size(TTY) : null;
      return size == null || size.rows() == 0 || size.columns() == 0 ? null : size;
    } catch (ErrnoException e) {
      return null;
    }
  }

  /** Gives the process's terminal the size of this one. */
  void resize() {
    Terminal.Size size = size();
    if (size == null) {
      return;
    }
    try {
      ResizePtyRequest request =
          ResizePtyRequest.newBuilder()
              .setContainerId(id)
              .setExecId(execId)
              .setWidth(size.columns())
              .setHeight(size.rows())
              .build();
      session.channel().unary(Api.Tasks.RESIZE, request);
    } catch (StatusException e) {
      // Not yet made or already ended: the next size, if any, will do.
    }
  }

  private void kill(int signal) {
    try {
      TaskCommands.kill(session, id, execId, signal, false);
    } catch (StatusException e) {
      if (e.code() != StatusException.NOT_FOUND) {
        session.streams().complain(String.valueOf(e.getMessage()));
      }
    }
  }

  private void abandon() {
    try {
      close();
    } catch (IOException | RuntimeException e) {
      session.streams().complain(String.valueOf(e.getMessage()));
    }
    session.streams().complain("gave up on " + id + ", which may still run");
    Main.end(128 + Signals.number("INT"));
  }

  /** Waits for the last output; not for those who hold a stream open after the process's end. */
  void drain() {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(DRAIN_MILLIS);
    try {
      for (Thread output : outputs) {
        output.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Idempotent. */
  @Override
  public synchronized void close() throws IOException {
    signals.close();
    if (raw != null) {
      raw.close();
      raw = null;
    }
    if (made != null) {
      await(made).close();
    }
  }
}
