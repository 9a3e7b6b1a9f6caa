package dev.carafe.plugin.runtime.shim;

import dev.carafe.spi.plugins.Description;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Configuration of the {@code shim} runtime; the times are containerd's. */
public record ShimRuntimeConfig(
    @Description("Where shims are looked for before the PATH.") List<Path> directories,
    @Description(
            "The daemon's socket as shims are told; empty for [grpc] address. Shims send their"
                + " events to the same with .ttrpc at its end.")
        String address,
    @Description(
            "The program that publishes events for shims that cannot themselves; empty for the"
                + " daemon's own.")
        String publishBinary,
    @Description("Where shims of containerd 2.3 put their sockets; empty for the shim's choice.")
        String socketDirectory,
    @Description("Further variables for shims, as NAME=value.") List<String> environment,
    @Description("Whether shims log at debug level.") boolean debug,
    @Description("How long a shim may take to start.") Duration startTimeout,
    @Description("How long a shim may take to set a container up.") Duration createTimeout,
    @Description("How long a shim may take for any other change.") Duration callTimeout,
    @Description("How long a shim may take to tell a status; after it, the status is unknown.")
        Duration stateTimeout,
    @Description("How long a shim may take for statistics.") Duration statsTimeout,
    @Description("How long a shim of an earlier daemon may take to be connected to.")
        Duration loadTimeout,
    @Description("How long cleaning up after a dead shim may take.") Duration cleanupTimeout,
    @Description("How long a shim may take to shut down.") Duration shutdownTimeout) {
  public static final ShimRuntimeConfig DEFAULT =
      new ShimRuntimeConfig(
          List.of(),
          "",
          "",
          "",
          List.of(),
          false,
          Duration.ofSeconds(20),
          Duration.ofSeconds(90),
          Duration.ofSeconds(25),
          Duration.ofMillis(1900),
          Duration.ofSeconds(2),
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofSeconds(3));

  ShimRuntimeConfig withAddress(Path socket) {
    return address.isEmpty()
        ? new ShimRuntimeConfig(
            directories,
            socket.toString(),
            publishBinary,
            socketDirectory,
            environment,
            debug,
            startTimeout,
            createTimeout,
            callTimeout,
            stateTimeout,
            statsTimeout,
            loadTimeout,
            cleanupTimeout,
            shutdownTimeout)
        : this;
  }

  public ShimRuntimeConfig {
    directories = List.copyOf(directories);
    environment = List.copyOf(environment);
    for (Path directory : directories) {
      if (!directory.isAbsolute()) {
        throw new IllegalArgumentException("directories: \"" + directory + "\" is not absolute");
      }
    }
    for (String variable : environment) {
      if (variable.indexOf('=') < 1) {
        throw new IllegalArgumentException(
            "environment: \"" + variable + "\" is not of the form NAME=value");
      }
    }
    for (Duration timeout :
        List.of(
            startTimeout,
            createTimeout,
            callTimeout,
            stateTimeout,
            statsTimeout,
            loadTimeout,
            cleanupTimeout,
            shutdownTimeout)) {
      if (!timeout.isPositive()) {
        throw new IllegalArgumentException("timeout " + timeout + " is not positive");
      }
    }
  }
}
