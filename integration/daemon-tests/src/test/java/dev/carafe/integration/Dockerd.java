package dev.carafe.integration;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * dockerd on private directories, without networks, with a daemon of ours as its containerd; and
 * {@code docker}, its client. It can be killed and started again.
 */
final class Dockerd implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String SERVER = "docker.io/usr/sbin/dockerd";
  private static final String CLIENT = "docker-cli/usr/bin/docker";
  private static final String BUILDX = "docker-buildx/usr/libexec/docker/cli-plugins/docker-buildx";

  /** Where images and the files of containers are kept. */
  enum Store {
    /** With dockerd itself, which mounts them. */
    CLASSIC("--feature=containerd-snapshotter=false", "--storage-driver=overlay2"),

    /** With containerd. */
    CONTAINERD("--feature=containerd-snapshotter=true");

    private final List<String> flags;

    Store(String... flags) {
      this.flags = List.of(flags);
    }
  }

  private final Lab lab;
  private final Path home;
  private final List<String> command;
  private @Nullable Process process;

  private Dockerd(Lab lab, Path home, List<String> command) {
    this.lab = lab;
    this.home = home;
    this.command = command;
  }

  /** Skips the test where dockerd could not be fetched. */
  static void assumePresent() {
    for (String program : List.of(SERVER, CLIENT, BUILDX)) {
      assumeTrue(
          Files.isExecutable(Setup.peer(program)),
          () ->
              "no dockerd: "
                  + Setup.peer(program)
                  + " is missing (./dev test fetches it where Debian's sid can be reached)");
    }
  }

  /** One that serves; it goes with the test. */
  static Dockerd on(Lab lab, TestDaemon daemon, Store store) {
    Path home = lab.directory("docker");
    try {
      Files.writeString(home.resolve("daemon.json"), "{}");
      Path plugins = Files.createDirectories(home.resolve("config/cli-plugins"));
      Files.createSymbolicLink(plugins.resolve("docker-buildx"), Setup.peer(BUILDX));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<String> command = new ArrayList<>(List.of(Setup.peer(SERVER).toString()));
    command.addAll(
        List.of(
            "--config-file=" + home.resolve("daemon.json"),
            "--containerd=" + daemon.socket(),
            "--containerd-namespace=" + lab.namespace(),
            "--containerd-plugins-namespace=" + lab.namespace() + "-plugins",
            "--cgroup-parent=/" + lab.namespace(),
            "--data-root=" + home.resolve("data"),
            "--exec-root=" + home.resolve("exec"),
            "--pidfile=" + home.resolve("pid"),
            "--host=unix://" + home.resolve("s"),
            "--live-restore",
            "--bridge=none",
            "--iptables=false",
            "--ip6tables=false",
            "--ip-forward=false",
            "--userland-proxy=false"));
    command.addAll(store.flags);
    return lab.closeLater(new Dockerd(lab, home, List.copyOf(command))).start();
  }

  /** Starts it and waits until it answers. */
  Dockerd start() {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(home.resolve("log").toFile()));
    // It looks for runc on its PATH.
    builder.environment().merge("PATH", ":/usr/sbin:/sbin", String::concat);
    try {
      Process started = builder.start();
      process = started;
      Await.until(
          "dockerd answers",
          PATIENCE,
          () ->
              !started.isAlive() || run("version", "--format", "{{.Server.Version}}").code() == 0);
      if (!started.isAlive()) {
        throw new AssertionError("dockerd ended with " + started.exitValue() + "\n" + log());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  /** SIGKILL; containers go on. */
  void kill() {
    end(true);
  }

  /** SIGTERM; containers go on. */
  void stop() {
    end(false);
  }

  private void end(boolean kill) {
    Process running = process;
    if (running == null) {
      return;
    }
    if (kill) {
      running.destroyForcibly();
    } else {
      running.destroy();
    }
    try {
      if (!running.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        running.destroyForcibly();
        throw new AssertionError("dockerd does not end\n" + log());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
    process = null;
  }

  /** The client's command, to be run or started. */
  Program program(String... arguments) {
    return Program.of(Setup.peer(CLIENT), List.of(arguments))
        .with("DOCKER_HOST", "unix://" + home.resolve("s"))
        .with("DOCKER_CONFIG", home.resolve("config").toString());
  }

  Result run(String... arguments) {
    return program(arguments).run();
  }

  /** Its standard output; it must end with 0. */
  String ok(String... arguments) {
    return run(arguments).ok();
  }

  /** A property of a container or image, by a template of Go's. */
  String inspect(String name, String template) {
    return ok("inspect", "--format", template, name).strip();
  }

  /**
   * Waits until it has connected to its daemon again. Its connection backs off while the daemon is
   * away, and what it asks in that time fails, whoever that daemon is.
   */
  void awaitReconnected() {
    Await.until(
        "dockerd is connected again",
        PATIENCE,
        () ->
            ok("version", "--format", "{{range .Server.Components}}{{.Name}} {{end}}")
                .contains("containerd "));
  }

  /** What all its lives have logged. */
  String log() {
    return Leaks.read(home.resolve("log"));
  }

  /**
   * Removes all containers and ends it. What it leaves for its next life is removed: a mount and
   * its builder's cgroups, neither of which the daemon under test knows of.
   */
  @Override
  public void close() {
    if (process == null) {
      return;
    }
    try {
      for (String container : run("ps", "--all", "--quiet").lines()) {
        run("rm", "--force", "--volumes", container);
      }
    } finally {
      stop();
      Program.of("umount", home.resolve("data").toString()).run();
      for (Path group : Leaks.cgroupsOfNamespace(lab)) {
        removeEmpty(group.resolve("buildkit"));
      }
    }
  }

  private static void removeEmpty(Path directory) {
    try {
      Files.deleteIfExists(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
