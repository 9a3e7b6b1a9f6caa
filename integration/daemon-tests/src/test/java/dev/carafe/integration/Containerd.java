package dev.carafe.integration;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Debian's containerd on private directories, without CRI. It can be killed and started again on
 * them.
 */
final class Containerd implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Path home;
  private final String namespace;
  private @Nullable Process process;

  /**
   * @param disabled more plugins to leave out, each in quotes and after a comma
   * @param toml further tables
   */
  Containerd(Path home, String namespace, String disabled, String toml) {
    this.home = home;
    this.namespace = namespace;
    try {
      Files.createDirectories(home);
      Files.writeString(
          home.resolve("config.toml"),
          """
          version = 2
          root = "%1$s/root"
          state = "%1$s/state"
          disabled_plugins = ["io.containerd.grpc.v1.cri"%2$s]
          [grpc]
          address = "%1$s/s"
          [ttrpc]
          address = "%1$s/t"
          [plugins."io.containerd.internal.v1.opt"]
          path = "%1$s/opt"
          %3$s
          """
              .formatted(home, disabled, toml));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Containerd start() {
    try {
      process =
          new ProcessBuilder(
                  Setup.tool("containerd").toString(),
                  "--config",
                  home.resolve("config.toml").toString())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Await.until("containerd serves", PATIENCE, () -> ctr().run("version").code() == 0);
    return this;
  }

  Path socket() {
    return home.resolve("s");
  }

  Ctr ctr() {
    return new Ctr(socket(), namespace);
  }

  Path log() {
    return home.resolve("log");
  }

  /** SIGKILL. */
  void kill() {
    end(true);
  }

  /** SIGSTOP. */
  void freeze() {
    signal("STOP");
  }

  /** SIGCONT. */
  void thaw() {
    signal("CONT");
  }

  private void signal(String name) {
    Process running = process;
    if (running != null) {
      Program.of("kill", "-" + name, Long.toString(running.pid())).run().ok();
    }
  }

  private void end(boolean forcibly) {
    Process running = process;
    if (running == null) {
      return;
    }
    process = null;
    if (forcibly) {
      running.destroyForcibly();
    } else {
      running.destroy();
    }
    try {
      if (!running.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        running.destroyForcibly();
        throw new AssertionError("containerd does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  @Override
  public void close() {
    end(false);
  }
}
