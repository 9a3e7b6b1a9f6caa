package dev.carafe.integration;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A daemon on private directories. It can be killed, stopped and started again on them. */
final class TestDaemon {
  private static final Duration START = Duration.ofSeconds(60);

  /** Promised is under two seconds on a quiet machine. */
  static final Duration STOP = Duration.ofSeconds(5);

  private final Path home;
  private final Path temp;
  private final Carafe carafe;
  private final List<String> flags = new ArrayList<>();
  private @Nullable Process process;
  private @Nullable Api api;
  private Map<String, Integer> descriptors = Map.of();

  TestDaemon(Path home, String namespace) {
    this.home = home;
    this.temp = home.resolve("tmp");
    this.carafe = new Carafe(home.resolve("run/carafe.sock"), namespace, temp);
    try {
      Files.createDirectories(temp);
      Files.createDirectories(home.resolve("run"));
      Files.createDirectories(home.resolve("conf.d"));
      Files.writeString(home.resolve("conf.d/50-nri.toml"), nri());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.flags.addAll(
        List.of(
            "--config",
            home.resolve("config.toml").toString(),
            "--root",
            root().toString(),
            "--state",
            state().toString()));
    this.flags.addAll(List.of("--address", socket().toString()));
    config("");
  }

  /** The machine's plugins are none of a test's business. */
  private String nri() {
    return """
    [nri]
    socket = "%1$s/nri.sock"
    plugin_path = "%1$s/nri"
    plugin_config_path = "%1$s/nri.d"
    """
        .formatted(home);
  }

  /** Where NRI plugins connect to. */
  Path nriSocket() {
    return home.resolve("nri.sock");
  }

  /** Replaces the configuration file; the next start reads it. */
  TestDaemon config(String toml) {
    try {
      Files.writeString(home.resolve("config.toml"), toml);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  /** What survives a reboot. */
  Path root() {
    return home.resolve("lib");
  }

  Path state() {
    return home.resolve("run");
  }

  Path socket() {
    return carafe.socket();
  }

  Path temp() {
    return temp;
  }

  Carafe carafe() {
    return carafe;
  }

  String namespace() {
    return carafe.namespace();
  }

  /** The daemon's command with further words; not started. */
  Program program(String... words) {
    List<String> all = new ArrayList<>(flags);
    all.addAll(List.of(words));
    return Program.of(Setup.dist().resolve("bin/carafed"), all)
        .with("CARAFE_JAVA_OPTS", "-Djava.io.tmpdir=" + temp)
        .with("TMPDIR", temp.toString());
  }

  /** Starts it and waits until it serves. */
  TestDaemon start() {
    launch();
    return awaitServing();
  }

  /** Waits until a launched daemon serves. */
  TestDaemon awaitServing() {
    Await.until(
        "the daemon serves",
        START,
        () -> {
          if (!alive()) {
            throw new AssertionError(
                "the daemon ended with " + process().exitValue() + "\n" + log());
          }
          return Files.exists(socket()) && api().serving();
        });
    descriptors = Descriptors.of(pid());
    return this;
  }

  /** Starts it without waiting. */
  void launch() {
    Program program = program();
    ProcessBuilder builder = new ProcessBuilder(program.command());
    builder.environment().putAll(program.environment());
    builder.redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(logFile().toFile()));
    closeApi();
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Process process() {
    Process running = process;
    if (running == null) {
      throw new AssertionError("the daemon was not started");
    }
    return running;
  }

  boolean alive() {
    Process running = process;
    return running != null && running.isAlive();
  }

  long pid() {
    return process().pid();
  }

  /** Descriptors that it had when it began to serve. */
  Map<String, Integer> descriptorsAtStart() {
    return descriptors;
  }

  /** A connection that stays as long as the daemon does. */
  Api api() {
    Api open = api;
    if (open == null) {
      open = Api.open(socket());
      api = open;
    }
    return open;
  }

  private void closeApi() {
    if (api != null) {
      api.close();
      api = null;
    }
  }

  /** SIGKILL. */
  void kill() {
    process().destroyForcibly();
    awaitEnd(STOP);
  }

  /** SIGTERM; returns how long it took. */
  Duration stop() {
    long began = System.nanoTime();
    process().destroy();
    awaitEnd(STOP);
    return Duration.ofNanos(System.nanoTime() - began);
  }

  private void awaitEnd(Duration patience) {
    try {
      if (!process().waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError("the daemon has not ended within " + patience + "\n" + log());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    } finally {
      closeApi();
    }
  }

  int exitCode() {
    return process().exitValue();
  }

  private Path logFile() {
    return home.resolve("log");
  }

  /** What all its lives have written to standard error. */
  String log() {
    try {
      return Files.exists(logFile()) ? Files.readString(logFile()) : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String toString() {
    return home.getFileName().toString();
  }
}
