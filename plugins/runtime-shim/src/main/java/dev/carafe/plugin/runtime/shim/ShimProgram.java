package dev.carafe.plugin.runtime.shim;

import dev.carafe.linux.Descriptors;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.EventLoop;
import dev.carafe.linux.ExitStatus;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.Signals;
import dev.carafe.linux.Spawn;
import dev.carafe.linux.Spawned;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.UnknownException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs a shim's program: {@code start}, {@code delete}, {@code -info}. */
final class ShimProgram {
  private static final int MOST_OUTPUT = 1 << 20;
  private static final int MOST_WORDS = 16 << 10;

  /** What is the daemon's own business with whoever started it. */
  private static final Set<String> NOT_INHERITED =
      Set.of(
          "NOTIFY_SOCKET",
          "WATCHDOG_PID",
          "WATCHDOG_USEC",
          "LISTEN_PID",
          "LISTEN_FDS",
          "LISTEN_FDNAMES",
          "JAVA_TOOL_OPTIONS",
          "JDK_JAVA_OPTIONS");

  private final EventLoop loop;
  private final ShimRuntimeConfig config;

  /**
   * What to run.
   *
   * @param action {@code start}, {@code delete} or empty
   * @param flags beside those that every shim gets
   */
  record Run(
      Path program,
      String namespace,
      String id,
      Bundle bundle,
      String action,
      List<String> flags,
      byte[] input,
      Duration timeout) {}

  ShimProgram(EventLoop loop, ShimRuntimeConfig config) {
    this.loop = loop;
    this.config = config;
  }

  /**
   * Runs it for a task; the bundle is its working directory.
   *
   * @return its standard output
   * @throws UnknownException with its own words if it fails
   * @throws DeadlineExceededException if it took too long; it has been killed
   */
  byte[] run(Run run) throws InterruptedException {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("-namespace", run.namespace()));
    arguments.addAll(List.of("-address", config.address()));
    arguments.addAll(List.of("-publish-binary", publishBinary()));
    arguments.addAll(List.of("-id", run.id()));
    arguments.addAll(run.flags());
    if (config.debug()) {
      arguments.add("-debug");
    }
    arguments.add(run.action());
    Spawn spawn =
        Spawn.of(run.program().toString())
            .arguments(arguments)
            .environment(environment(run))
            .directory(run.bundle().directory());
    return run(run.program() + " " + run.action(), spawn, run.input(), run.timeout());
  }

  /** Asks a program about itself: no task, no bundle. */
  byte[] ask(Path program, List<String> arguments, byte[] input, Duration timeout)
      throws InterruptedException {
    Spawn spawn = Spawn.of(program.toString()).arguments(arguments).environment(inherited());
    return run(program + " " + String.join(" ", arguments), spawn, input, timeout);
  }

  private byte[] run(String label, Spawn spawn, byte[] input, Duration timeout)
      throws InterruptedException {
    try (Fd in = Descriptors.memfdCreate("shim-input", 0);
        Descriptors.Pair out = Descriptors.pipe2(0);
        Descriptors.Pair err = Descriptors.pipe2(0)) {
      FileCalls.setNonBlocking(out.first(), true);
      FileCalls.setNonBlocking(err.first(), true);
      FileIo.writeFully(in, input);
      FileCalls.lseek(in, 0, FileCalls.SEEK_SET);
      spawn.descriptor(0, in).descriptor(1, out.second()).descriptor(2, err.second());
      try (Spawned child = start(label, spawn);
          ProgramOutput output = new ProgramOutput(loop, out.first(), MOST_OUTPUT);
          ProgramOutput words = new ProgramOutput(loop, err.first(), MOST_WORDS)) {
        ExitStatus status = await(label, child, timeout);
        byte[] written = output.finish();
        words.finish();
        if (status.shellCode() != 0) {
          throw new UnknownException(failure(label, status, words, output));
        }
        return written;
      }
    }
  }

  private static Spawned start(String label, Spawn spawn) {
    try {
      return spawn.newSession().start();
    } catch (ErrnoException e) {
      throw new FailedPreconditionException("shim " + label + ": " + e.getMessage(), e);
    }
  }

  private ExitStatus await(String label, Spawned child, Duration timeout)
      throws InterruptedException {
    CompletableFuture<ExitStatus> exit = loop.exit(child.pidfd());
    boolean done = false;
    try {
      ExitStatus status = exit.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
      done = true;
      return status;
    } catch (TimeoutException e) {
      throw new DeadlineExceededException(
          "shim " + label + ": did not end within " + timeout.toMillis() + " ms", e);
    } catch (ExecutionException e) {
      done = true;
      throw new IllegalStateException("shim " + label + ": " + e.getCause(), e);
    } finally {
      if (!done) {
        new ShimProcess(child.pid(), child.startTime()).signal(Signals.SIGKILL);
        // Its descriptor must stay open until it is reaped, which SIGKILL makes soon.
        exit.handle((_, _) -> true).join();
      }
    }
  }

  private static String failure(
      String label, ExitStatus status, ProgramOutput words, ProgramOutput output) {
    String said = words.text().isEmpty() ? output.text() : words.text();
    return said.isEmpty() ? "shim " + label + ": exit code " + status.shellCode() : said;
  }

  private List<String> environment(Run run) {
    List<String> variables = inherited();
    variables.add("GOMAXPROCS=2");
    variables.add("MAX_SHIM_VERSION=2");
    variables.add("TTRPC_ADDRESS=" + config.address() + ".ttrpc");
    variables.add("GRPC_ADDRESS=" + config.address());
    variables.add("NAMESPACE=" + run.namespace());
    variables.add(run.bundle().tag());
    variables.addAll(config.environment());
    return variables;
  }

  private static List<String> inherited() {
    List<String> variables = new ArrayList<>();
    for (Map.Entry<String, String> variable : System.getenv().entrySet()) {
      if (!NOT_INHERITED.contains(variable.getKey()) && !variable.getKey().equals("PATH")) {
        variables.add(variable.getKey() + "=" + variable.getValue());
      }
    }
    variables.add("PATH=" + ShimBinaries.PATH);
    return variables;
  }

  /** The daemon's launcher says where it is. */
  String publishBinary() {
    return config.publishBinary().isEmpty()
        ? System.getProperty("carafe.program", "carafed")
        : config.publishBinary();
  }
}
