package dev.carafe.plugin.runtime.oci;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.carafe.linux.Descriptors;
import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.EventLoop;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.ProcessStat;
import dev.carafe.linux.Spawn;
import dev.carafe.linux.Spawned;
import dev.carafe.plugin.runtime.oci.BundleLayout.ProcessFiles;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.UnknownException;
import dev.carafe.spi.resources.ResourceManager;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.spi.runtimes.TaskLocation;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Starts conmon, which starts the OCI runtime and stays as long as the process that it set up.
 *
 * <p>conmon detaches itself (two forks), so it is no child of the daemon. It is told to pass its
 * own descriptors 0, 1 and 2 on to the process ({@code --log-path passthrough}) and keeps none of
 * them: a reader sees the end when the last process of the container that has one is gone. It keeps
 * what it is given above 2 until it ends; the OCI runtime closes those before the user's program
 * runs. Only a {@link ContainerLog} it writes itself.
 */
final class Conmon {
  private static final int SYNC = 3;
  private static final int START = 4;
  private static final int FIRST_KEPT = 5;
  private static final int LONGEST_ANSWER = 256 * 1024;
  private static final Duration CLEAN_UP = Duration.ofSeconds(10);
  private static final List<String> PASSED_ON =
      List.of("--full-attach", "--log-path", "passthrough");

  /** For a conmon that has been told that its runtime failed, and is about to end. */
  private static final Duration OWN_END = Duration.ofMillis(200);

  private final OciRuntimeConfig config;
  private final Helpers helpers;
  private final Map<String, ResourceManager> managers;

  /** What the OCI runtime is to do. */
  enum Verb {
    CREATE("create"),
    RESTORE("restore"),
    EXEC("exec");

    private final String word;

    Verb(String word) {
      this.word = word;
    }
  }

  /**
   * What to start.
   *
   * @param image directory to restore from, with {@link Verb#RESTORE}
   * @param stdinEnds whether stdin ends as soon as the client closes it
   */
  record Launch(
      Verb verb,
      TaskLocation location,
      RuntimeSettings settings,
      ProcessFiles files,
      Stdio stdio,
      String image,
      boolean stdinEnds) {}

  /**
   * What was started.
   *
   * @param stdinKeeper descriptor in the monitor of the socket that holds stdin open, or -1
   * @param sinks helpers that end with the process's output
   * @param feeder the helper that brings a terminal its input, or {@link Pid#NONE}
   * @param terminal the terminal's controlling end; the receiver closes it
   */
  record Launched(
      Pid process,
      Pid monitor,
      int stdinKeeper,
      List<Pid> sinks,
      Pid feeder,
      @Nullable Fd terminal) {}

  Conmon(OciRuntimeConfig config, Helpers helpers, Map<String, ResourceManager> managers) {
    this.config = config;
    this.helpers = helpers;
    this.managers = managers;
  }

  /**
   * Starts a process and waits until it is set up. After a failure no process is left but what
   * {@link Helpers#of} finds.
   *
   * @throws UnknownException with the OCI runtime's words
   * @throws DeadlineExceededException if it took too long; whatever ran has been killed
   */
  Launched launch(Launch launch) throws InterruptedException {
    Optional<ContainerLog> log = ContainerLog.of(launch.stdio());
    if (log.isPresent()) {
      Ready ready =
          run(launch, program(launch, log.get().arguments(launch.stdio().terminal()), List.of()));
      return new Launched(ready.process(), ready.monitor(), -1, List.of(), Pid.NONE, null);
    }
    try (var stdio = new StdioFiles(helpers, launch.location(), tags(launch))) {
      return launch.stdio().terminal()
          ? withTerminal(launch, stdio)
          : withoutTerminal(launch, stdio);
    }
  }

  private Launched withoutTerminal(Launch launch, StdioFiles stdio) throws InterruptedException {
    Spawn spawn = program(launch, PASSED_ON, List.of());
    StdioFiles.Input in = stdio.input(launch.stdio().stdin());
    List<StdioFiles.Output> outs = stdio.outputs(launch.stdio().stdout(), launch.stdio().stderr());
    in.reader().ifPresent(fd -> spawn.descriptor(0, fd));
    int kept = FIRST_KEPT;
    for (int i = 0; i < outs.size(); i++) {
      StdioFiles.Output out = outs.get(i);
      StdioFiles.give(out.writer(), launch.settings());
      if (out.writer().isPresent()) {
        spawn.descriptor(1 + i, out.writer().get());
      }
      if (out.reader().isPresent()) {
        spawn.descriptor(kept++, out.reader().get());
      }
    }
    try (var keeper = StdinKeeper.of(launch.stdinEnds() ? Optional.empty() : in.writer())) {
      int keeperNumber = -1;
      if (keeper.socket().isPresent()) {
        keeperNumber = kept;
        spawn.descriptor(kept, keeper.socket().get());
      }
      Ready ready = run(launch, spawn);
      return new Launched(
          ready.process(), ready.monitor(), keeperNumber, stdio.sinks(), Pid.NONE, null);
    }
  }

  private Launched withTerminal(Launch launch, StdioFiles stdio) throws InterruptedException {
    try (var console = new ConsoleSocket(launch.files().console(), helpers)) {
      Spawn spawn = program(launch, PASSED_ON, List.of("--console-socket", ConsoleSocket.NAME));
      StdioFiles.Input in = stdio.input(launch.stdio().stdin());
      StdioFiles.Output out = stdio.output("stdout", launch.stdio().stdout());
      Ready ready = run(launch, spawn);
      boolean done = false;
      try {
        Launched launched = connect(launch, ready, console.receive(), in, out, stdio.sinks());
        done = true;
        return launched;
      } finally {
        if (!done) {
          end(ready.monitor());
        }
      }
    }
  }

  private Launched connect(
      Launch launch,
      Ready ready,
      Fd terminal,
      StdioFiles.Input in,
      StdioFiles.Output out,
      List<Pid> outputSinks) {
    try {
      var sinks = new ArrayList<>(outputSinks);
      try (Fd nowhere = StdioFiles.nowhere()) {
        Fd to = out.writer().orElse(nowhere);
        sinks.addFirst(helpers.cat(tags(launch), terminal, to, out.reader()));
      }
      Pid feeder = Pid.NONE;
      if (in.reader().isPresent()) {
        Fd from = in.reader().get();
        feeder = helpers.cat(tags(launch), from, terminal, in.writer());
      }
      return new Launched(ready.process(), ready.monitor(), -1, sinks, feeder, terminal);
    } catch (RuntimeException | Error e) {
      terminal.close();
      throw e;
    }
  }

  private Spawn program(Launch launch, List<String> output, List<String> runtimeOptions) {
    RuntimeSettings settings = launch.settings();
    ProcessFiles files = launch.files();
    TaskLocation location = launch.location();
    String id = location.id();
    var arguments =
        new ArrayList<String>(
            List.of("--api-version", "--cid", id, "--cuuid", id, "--name", id, "--no-sync-log"));
    arguments.addAll(List.of("--runtime", settings.binary()));
    arguments.addAll(List.of("--container-pidfile", files.processPid().toString()));
    arguments.addAll(List.of("--conmon-pidfile", files.monitorPid().toString()));
    arguments.addAll(List.of("--exit-dir", files.exits().toString()));
    arguments.addAll(output);
    for (String argument : settings.globalArguments(files.log())) {
      arguments.addAll(List.of("--runtime-arg", argument));
    }
    switch (launch.verb()) {
      case CREATE, RESTORE -> {
        arguments.addAll(List.of("--bundle", location.bundle().toString()));
        if (settings.systemdCgroup()) {
          arguments.add("--systemd-cgroup");
        }
        if (settings.noPivotRoot()) {
          arguments.add("--no-pivot");
        }
        if (settings.noNewKeyring()) {
          arguments.add("--no-new-keyring");
        }
        if (launch.verb() == Verb.RESTORE) {
          arguments.addAll(List.of("--restore", launch.image()));
        }
      }
      case EXEC ->
          arguments.addAll(List.of("--exec", "--exec-process-spec", files.process().toString()));
    }
    for (String option : runtimeOptions) {
      arguments.addAll(List.of("--runtime-opt", option));
    }
    return Spawn.of(Binaries.find(config.conmon(), "conmon").toString())
        .arguments(arguments)
        .directory(files.directory())
        .newSession();
  }

  private static List<String> tags(Launch launch) {
    return List.of(
        Helpers.tag(launch.location().bundle()), Helpers.processTag(launch.files().directory()));
  }

  private record Ready(Pid process, Pid monitor) {}

  private Ready run(Launch launch, Spawn spawn) throws InterruptedException {
    long end = System.nanoTime() + config.createTimeout().toNanos();
    var environment = new ArrayList<>(tags(launch));
    environment.add("PATH=" + Binaries.PATH);
    environment.add("_OCI_SYNCPIPE=" + SYNC);
    boolean moved = !launch.settings().monitorCgroup().isEmpty();
    try (Descriptors.Pair sync = Descriptors.pipe2(OpenFlags.NONBLOCK);
        Descriptors.Pair start = Descriptors.pipe2(0)) {
      if (moved) {
        environment.add("_OCI_STARTPIPE=" + START);
        spawn.descriptor(START, start.first());
      }
      try (Spawned front = spawn.environment(environment).descriptor(SYNC, sync.second()).start()) {
        sync.second().close();
        return answered(launch, front, moved ? start.second() : null, sync.first(), end);
      }
    }
  }

  /** With {@code start}, conmon waits for a byte there; its end, too, would let it go on. */
  private Ready answered(Launch launch, Spawned front, @Nullable Fd start, Fd sync, long end)
      throws InterruptedException {
    boolean done = false;
    try {
      if (start != null) {
        resources(launch).join(launch.settings().monitorCgroup(), front.pid());
        FileIo.writeFully(start, new byte[1]);
      }
      String answer = readAnswer(sync, end);
      if (!helpers.awaitExit(front, remaining(end))) {
        throw new DeadlineExceededException(what(launch) + "conmon did not detach");
      }
      Ready ready = evaluate(launch, answer);
      done = true;
      return ready;
    } catch (AnswerTimeout _) {
      throw new DeadlineExceededException(
          what(launch)
              + "no answer within "
              + config.createTimeout().toSeconds()
              + " s from "
              + launch.settings().binary());
    } finally {
      if (!done) {
        cleanUp(launch, front);
      }
    }
  }

  private ResourceManager resources(Launch launch) {
    return RuntimeSettings.manager(managers, launch.settings().resources());
  }

  private static final class AnswerTimeout extends Exception {
    private static final long serialVersionUID = 1L;
  }

  /** A line, or what there is when conmon gives up without one. */
  private String readAnswer(Fd sync, long end) throws InterruptedException, AnswerTimeout {
    var answer = new ByteArrayOutputStream();
    var block = new byte[4096];
    while (answer.size() < LONGEST_ANSWER) {
      if (!helpers.await(sync, EventLoop.READABLE, remaining(end))) {
        throw new AnswerTimeout();
      }
      try {
        int count = FileIo.read(sync, block, 0, block.length);
        answer.write(block, 0, count);
        if (count == 0 || block[count - 1] == '\n') {
          break;
        }
      } catch (ErrnoException e) {
        if (!e.is(Errno.EAGAIN)) {
          throw e;
        }
      }
    }
    return answer.toString(StandardCharsets.UTF_8).lines().findFirst().orElse("");
  }

  private Ready evaluate(Launch launch, String answer) {
    JsonNode json;
    try {
      json = StateCodec.JSON.readTree(answer);
    } catch (JsonProcessingException _) {
      json = StateCodec.JSON.missingNode();
    }
    long pid = json.path("data").asLong(-1);
    if (pid > 0) {
      Pid monitor = monitor(launch.files());
      return new Ready(childOf(monitor, pid), monitor);
    }
    String reason = RuntimeLog.lastError(launch.files().log());
    if (reason.isEmpty()) {
      reason = RuntimeLog.bounded(json.path("message").asText(""));
    }
    if (reason.isEmpty()) {
      reason = launch.settings().binary() + " ended without saying why";
    }
    throw OciFailure.of(launch.verb().word, reason);
  }

  /** A process that has ended already may have left its number to another, not to a child. */
  private static Pid childOf(Pid monitor, long number) {
    return ProcessStat.of(number)
        .filter(stat -> monitor.isNone() || stat.parent() == monitor.number())
        .map(stat -> new Pid(number, stat.startTime()))
        .orElse(new Pid(number, 0));
  }

  /** Who wrote that file, if it still runs and is who it says it is. */
  static Pid monitor(ProcessFiles files) {
    Pid monitor = Pid.of(SmallFiles.number(files.monitorPid()));
    return monitor.startTime() != 0
            && ProcessTree.hasArgument(monitor.number(), files.monitorPid().toString())
        ? monitor
        : Pid.NONE;
  }

  /** Ends conmon with everything below it, also where it has not come as far as its pid file. */
  private void cleanUp(Launch launch, Spawned front) {
    uninterrupted(() -> {
      ProcessTree.kill(new Pid(front.pid(), front.startTime()), CLEAN_UP);
      helpers.awaitExit(front, CLEAN_UP);
    });
    end(monitor(launch.files()));
  }

  private void end(Pid monitor) {
    uninterrupted(() -> {
      if (!monitor.isNone() && !helpers.awaitEnd(monitor, OWN_END)) {
        ProcessTree.kill(monitor, CLEAN_UP);
      }
    });
  }

  private interface Step {
    void run() throws InterruptedException;
  }

  /** Cleaning up is bounded, and done in spite of an interrupt that led to it. */
  private static void uninterrupted(Step step) {
    boolean interrupted = Thread.interrupted();
    try {
      step.run();
    } catch (InterruptedException e) {
      interrupted = true;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The failure that an interrupted call ends with. */
  static CancelledException cancelled(String what, InterruptedException cause) {
    Thread.currentThread().interrupt();
    return new CancelledException(what + ": cancelled", cause);
  }

  private static String what(Launch launch) {
    return "OCI runtime " + launch.verb().word + " of " + launch.location() + ": ";
  }

  private static Duration remaining(long end) {
    return Duration.ofNanos(Math.max(0, end - System.nanoTime()));
  }
}
