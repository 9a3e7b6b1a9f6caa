package dev.carafe.ctr;

import dev.carafe.api.services.tasks.v1.CloseIORequest;
import dev.carafe.api.services.tasks.v1.ResizePtyRequest;
import dev.carafe.ctr.grpc.StatusException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.Terminal;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import sun.misc.Signal;

/**
 * A process's standard streams through FIFOs in a private directory, this program's own at the other end; signals and the size of the
 * terminal passed on. The terminal is put back on every way out.
 */
final class ProcessIo implements AutoCloseable {
  private static final int DRAIN_MILLIS = 2000;

  private final Session session;
  private final String id;
  private final String execId;
  private final Path directory;
  private final boolean terminal;
  private final boolean input;
  private final List<Thread> outputs = new ArrayList<>();
  private Terminal.@Nullable RawMode raw;

  private ProcessIo(
      Session session, String id, String execId, Path directory, boolean terminal, boolean input) {
    this.session = session;
    this.id = id;
    this.execId = execId;
    this.directory = directory;
    this.terminal = terminal;
    this.input = input;
  }

  /** Makes the FIFOs and opens the reading ends, before the daemon opens the writing ones. */
  static ProcessIo open(Session session, String id, String execId, boolean terminal, boolean input)
      throws IOException, InterruptedException {
    Path directory =
        Files.createTempDirectory(
            "carafe-",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    ProcessIo io = new ProcessIo(session, id, execId, directory, terminal, input);
    try {
      io.makeFifos();
      io.outputs.add(io.copy("stdout", FileDescriptor.out));
      if (!terminal) {
        io.outputs.add(io.copy("stderr", FileDescriptor.err));
      }
      return io;
    } catch (IOException | InterruptedException | RuntimeException e) {
      io.close();
      throw e;
    }
  }

  private void makeFifos() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("mkfifo", "-m", "600", path("stdout")));
    if (input) {
      command.add(path("stdin"));
    }
    if (!terminal) {
      command.add(path("stderr"));
    }
    Process process = new ProcessBuilder(command).inheritIO().start();
    if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException("mkfifo in " + directory + " did not work");
    }
  }

  private String path(String name) {
    return directory.resolve(name).toString();
  }

  String stdin() {
    return input ? path("stdin") : "";
  }

  String stdout() {
    return path("stdout");
  }

  String stderr() {
    return terminal ? "" : path("stderr");
  }

  private Thread copy(String name, FileDescriptor to) {
    return Thread.ofPlatform()
        .daemon()
        .name(name)
        .start(
            () -> {
              try (InputStream in = new FileInputStream(path(name))) {
                OutputStream out = new FileOutputStream(to);
                byte[] buffer = new byte[32 << 10];
                for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                  out.write(buffer, 0, read);
                }
              } catch (IOException e) {
                // Whoever reads us has gone, or nobody opened the other end: there is nothing to copy any more.
              }
            });
  }

  /** Connects the running process: input, signals, and the terminal with its size. */
  void attach() {
    if (terminal) {
      Fd tty = Fd.borrow(0);
      if (Terminal.isTerminal(tty)) {
        raw = Terminal.rawMode(tty);
        Runtime.getRuntime().addShutdownHook(new Thread(this::restore));
        resize(tty);
        Signal.handle(new Signal("WINCH"), ignored -> resize(tty));
      }
    }
    for (String name : List.of("INT", "TERM", "HUP")) {
      int number = Signals.number(name);
      Signal.handle(new Signal(name), ignored -> forward(number));
    }
    if (input) {
      Thread.ofPlatform().daemon().name("stdin").start(this::copyInput);
    }
  }

  private void copyInput() {
    try (OutputStream out = new FileOutputStream(path("stdin"))) {
      InputStream in = new FileInputStream(FileDescriptor.in);
      byte[] buffer = new byte[32 << 10];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        out.write(buffer, 0, read);
      }
    } catch (IOException e) {
      return;
    }
    try {
      session
          .channel()
          .unary(
              Api.Tasks.CLOSE_IO,
              CloseIORequest.newBuilder().setContainerId(id).setExecId(execId).setStdin(true).build());
    } catch (StatusException e) {
      // The process has ended before its input did.
    }
  }

  private void forward(int signal) {
    try {
      TaskCommands.kill(session, id, execId, signal, false);
    } catch (StatusException e) {
      if (e.code() != StatusException.NOT_FOUND) {
        System.err.println("carafe: " + e.getMessage());
      }
    }
  }

  private void resize(Fd tty) {
    try {
      Terminal.Size size = Terminal.size(tty);
      session
          .channel()
          .unary(
              Api.Tasks.RESIZE,
              ResizePtyRequest.newBuilder()
                  .setContainerId(id)
                  .setExecId(execId)
                  .setWidth(size.columns())
                  .setHeight(size.rows())
                  .build());
    } catch (StatusException e) {
      // The process has ended; its terminal needs no size.
    }
  }

  /** Waits for the last output; not for those who hold a stream open after the process has ended. */
  void drain() {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(DRAIN_MILLIS);
    for (Thread output : outputs) {
      try {
        output.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private synchronized void restore() {
    if (raw != null) {
      raw.close();
      raw = null;
    }
  }

  @Override
  public void close() throws IOException {
    restore();
    for (String name : List.of("stdin", "stdout", "stderr")) {
      Files.deleteIfExists(directory.resolve(name));
    }
    Files.deleteIfExists(directory);
  }
}
