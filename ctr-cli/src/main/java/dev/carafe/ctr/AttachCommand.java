package dev.carafe.ctr;

import dev.carafe.api.services.tasks.v1.GetRequest;
import dev.carafe.api.services.tasks.v1.WaitRequest;
import dev.carafe.api.services.tasks.v1.WaitResponse;
import dev.carafe.api.types.v1.Process;
import dev.carafe.ctr.grpc.Call;
import dev.carafe.ctr.grpc.StatusException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.Terminal;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes up the FIFOs that a client left when it detached itself from a task. Waits for the task's
 * end, but removes nothing.
 */
final class AttachCommand {
  private static final int DRAIN_MILLIS = 2000;
  private static final Fd TTY = Fd.borrow(0);

  private final Session session;
  private final String id;
  private final List<Thread> outputs = new ArrayList<>();

  AttachCommand(Session session) {
    this.session = session;
    this.id = session.arguments().operand(0);
  }

  int run() throws IOException {
    Process task =
        session
            .channel()
            .unary(Api.Tasks.GET, GetRequest.newBuilder().setContainerId(id).build())
            .getProcess();
    if (!isFifo(task.getStdout()) && !isFifo(task.getStderr())) {
      throw new StatusException(
          StatusException.FAILED_PRECONDITION, "the output of task \"" + id + "\" goes to no FIFO");
    }
    boolean raw =
        task.getTerminal() && session.arguments().has("interactive") && Terminal.isTerminal(TTY);
    SignalForwarder signals = new SignalForwarder(this::kill, () -> Main.end(130));
    WaitRequest request = WaitRequest.newBuilder().setContainerId(id).build();
    try (signals;
        Terminal.@Nullable RawMode mode = raw ? Terminal.rawMode(TTY) : null;
        Call<WaitRequest, WaitResponse> end = session.channel().stream(Api.Tasks.WAIT, request)) {
      signals.install();
      signals.deliver();
      copy(task.getStdout(), session.streams().out());
      copy(task.getStderr(), session.streams().err());
      if (session.arguments().has("interactive") && isFifo(task.getStdin())) {
        Thread.ofPlatform().daemon().name("stdin").start(() -> input(task.getStdin()));
      }
      WaitResponse exit = end.receive();
      drain();
      return exit == null ? 1 : exit.getExitStatus();
    }
  }

  /** The path is the daemon's word: anything else could be somebody's file. */
  private static boolean isFifo(String path) {
    try {
      return !path.isEmpty()
          && Files.readAttributes(
                  Path.of(path), BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
              .isOther();
    } catch (IOException e) {
      return false;
    }
  }

  private void copy(String fifo, PrintStream to) {
    if (isFifo(fifo)) {
      outputs.add(Thread.ofPlatform().daemon().name("output").start(() -> output(fifo, to)));
    }
  }

  private void output(String fifo, PrintStream to) {
    try (InputStream in = new FileInputStream(fifo)) {
      in.transferTo(to);
      to.flush();
    } catch (IOException e) {
      session.streams().complain("output of " + id + ": " + e.getMessage());
    }
  }

  private void input(String fifo) {
    InputStream in = session.streams().in();
    try (OutputStream to = new FileOutputStream(fifo)) {
      byte[] buffer = new byte[32 << 10];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        to.write(buffer, 0, read);
      }
    } catch (IOException e) {
      // The process has closed its input; there is nobody to tell.
    }
  }

  private void kill(int signal) {
    try {
      TaskCommands.kill(session, id, "", signal, false);
    } catch (StatusException e) {
      if (e.code() != StatusException.NOT_FOUND) {
        session.streams().complain(String.valueOf(e.getMessage()));
      }
    }
  }

  private void drain() {
    long end = System.currentTimeMillis() + DRAIN_MILLIS;
    try {
      for (Thread output : outputs) {
        output.join(Math.max(1, end - System.currentTimeMillis()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
