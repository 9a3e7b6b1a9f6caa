package dev.carafe.cni;

import dev.carafe.cni.PluginException.Kind;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.HelperProgram;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs one plugin for one verb, with a deadline and with limits on what it may say. */
final class PluginRunner implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PluginRunner.class);
  private static final int OUTPUT_LIMIT = 1 << 20;
  private static final int MOST_AT_ONCE = 64;
  private static final String DEFAULT_PATH =
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private final List<Path> directories;
  private final HelperProgram programs = new HelperProgram();
  private final Semaphore running = new Semaphore(MOST_AT_ONCE, true);

  PluginRunner(List<Path> directories) {
    this.directories = directories;
  }

  /**
   * What a plugin is asked.
   *
   * @param network its name, for messages
   * @param parameters the environment's {@code CNI_*} besides the path
   * @param config its standard input
   */
  record Request(
      String network,
      String plugin,
      String verb,
      Map<String, String> parameters,
      Map<String, Object> config,
      Duration atMost) {
    String what() {
      String container = parameters.getOrDefault("CNI_CONTAINERID", "");
      return "network \""
          + network
          + "\": plugin \""
          + plugin
          + "\": "
          + verb
          + (container.isEmpty() ? "" : " for \"" + container + "\"");
    }
  }

  /** The program of a plugin in the first directory that has it. */
  Path find(String network, String plugin) throws PluginException {
    if (!Names.isProgram(plugin)) {
      throw new PluginException(
          Kind.NOT_RUN, 0, "network \"" + network + "\": not the name of a plugin");
    }
    for (Path directory : directories) {
      Path program = directory.resolve(plugin);
      if (Files.isRegularFile(program) && Files.isExecutable(program)) {
        return program;
      }
    }
    throw new PluginException(
        Kind.NOT_RUN,
        0,
        "network \"" + network + "\": plugin \"" + plugin + "\" is not in " + directories);
  }

  /** Runs it and returns what it wrote to standard output. */
  byte[] run(Request request) throws PluginException {
    Path program = find(request.network(), request.plugin());
    long deadline = System.nanoTime() + request.atMost().toNanos();
    HelperProgram.Result result;
    try {
      if (!running.tryAcquire(request.atMost().toNanos(), TimeUnit.NANOSECONDS)) {
        throw new TimeoutException();
      }
      try {
        result =
            programs.run(
                program,
                List.of(),
                environment(request),
                Json.bytes(request.config()),
                Duration.ofNanos(Math.max(1, deadline - System.nanoTime())),
                OUTPUT_LIMIT);
      } finally {
        running.release();
      }
    } catch (TimeoutException e) {
      throw new PluginException(
          Kind.TIMED_OUT, 0, request.what() + " did not end in " + seconds(request) + " s");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PluginException(Kind.CANCELLED, 0, request.what() + " was cancelled");
    } catch (ErrnoException e) {
      throw new PluginException(
          Kind.NOT_RUN, 0, request.what() + ": cannot be run: " + e.getMessage());
    } catch (IllegalStateException e) {
      throw new PluginException(Kind.CANCELLED, 0, request.what() + ": shutting down");
    }
    if (!result.succeeded()) {
      throw failure(request, result);
    }
    if (result.output().length >= OUTPUT_LIMIT) {
      throw new PluginException(
          Kind.NONSENSE, 0, request.what() + ": says more than " + OUTPUT_LIMIT + " bytes");
    }
    if (log.isDebugEnabled() && result.errors().length > 0) {
      log.debug("{}: {}", request.what(), Text.shown(result.errorText()));
    }
    return result.output();
  }

  private static long seconds(Request request) {
    return Math.max(1, request.atMost().toSeconds());
  }

  private List<String> environment(Request request) {
    List<String> variables = new ArrayList<>();
    boolean path = false;
    for (String variable : HelperProgram.environment()) {
      if (!variable.startsWith("CNI_")) {
        variables.add(variable);
        path |= variable.startsWith("PATH=");
      }
    }
    if (!path) {
      variables.add(DEFAULT_PATH);
    }
    Map<String, String> own = new LinkedHashMap<>(request.parameters());
    own.put("CNI_COMMAND", request.verb());
    own.put("CNI_PATH", directories.stream().map(Path::toString).collect(Collectors.joining(":")));
    own.forEach((name, value) -> variables.add(name + "=" + value));
    return variables;
  }

  /** A plugin that fails says why as JSON; one that cannot even do that, on standard error. */
  private static PluginException failure(Request request, HelperProgram.Result result) {
    String how =
        result.exit().signal() != 0
            ? "was killed by signal " + result.exit().signal()
            : "exit code " + result.exit().code();
    String errors = Text.shown(result.errorText());
    try {
      JsonObject json = Json.object("error", result.output());
      String message = Text.shown(json.text("msg"));
      String details = Text.shown(json.text("details"));
      long code = json.number("code", 0);
      if (!message.isEmpty() || !details.isEmpty()) {
        return new PluginException(
            Kind.SAID_SO,
            (int) Math.clamp(code, 0, Integer.MAX_VALUE),
            request.what()
                + ": "
                + message
                + (details.isEmpty() ? "" : ": " + details)
                + (code == 0 ? "" : " (code " + code + ")"));
      }
    } catch (InvalidArgumentException e) {
      log.debug("{}: {}", request.what(), e.getMessage());
    }
    String said = errors.isEmpty() ? Text.shown(result.text()) : errors;
    return new PluginException(
        Kind.NONSENSE, 0, request.what() + ": " + how + (said.isEmpty() ? "" : ": " + said));
  }

  @Override
  public void close() {
    programs.close();
  }
}
