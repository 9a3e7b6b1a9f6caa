package dev.carafe.plugin.runtime.shim;

import com.google.protobuf.Any;
import dev.carafe.api.runtime.bootstrap.v1.BootstrapParams;
import dev.carafe.api.runtime.bootstrap.v1.Extension;
import dev.carafe.api.runtime.bootstrap.v1.LogLevel;
import dev.carafe.spi.errors.UnknownException;
import dev.carafe.spi.runtimes.TaskLocation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Starts shims. Up to containerd 2.2 a shim reads its options from standard input; from 2.3 on it
 * reads bootstrap parameters with the options among them, and refuses anything else. Neither says
 * beforehand which it wants, so the older way is tried first, which the newer shims refuse before
 * they do anything; what a program wanted is remembered until the program changes. Flags and
 * environment are the same for all.
 */
final class ShimStarter {
  /** The version of containerd whose shims this can start. */
  private static final String CONTAINERD = "2.3.0";

  private final ShimProgram programs;
  private final ShimRuntimeConfig config;
  private final Map<Installed, Input> wanted = new ConcurrentHashMap<>();

  private enum Input {
    OPTIONS,
    PARAMETERS
  }

  /** A program as it is now. */
  private record Installed(Path program, long size, FileTime modified) {}

  ShimStarter(ShimProgram programs, ShimRuntimeConfig config) {
    this.programs = programs;
    this.config = config;
  }

  /**
   * Starts a shim for the bundle, or finds the one that serves the bundle's group.
   *
   * @throws UnknownException with its own words if it does not start
   */
  Bootstrap start(Path program, TaskLocation location, @Nullable Any options)
      throws InterruptedException {
    Installed installed = installed(program);
    Input known = wanted.get(installed);
    if (known != null) {
      return start(program, location, input(known, location, options));
    }
    Input input = Input.OPTIONS;
    Bootstrap bootstrap;
    try {
      bootstrap = start(program, location, input(input, location, options));
    } catch (UnknownException e) {
      input = Input.PARAMETERS;
      bootstrap = startAnew(e, program, location, input(input, location, options));
    }
    wanted.put(installed, input);
    return bootstrap;
  }

  private Bootstrap startAnew(
      UnknownException first, Path program, TaskLocation location, byte[] input)
      throws InterruptedException {
    try {
      return start(program, location, input);
    } catch (UnknownException second) {
      boolean newer =
          String.valueOf(first.getMessage()).toLowerCase(Locale.ROOT).contains("bootstrap");
      UnknownException told = newer ? second : first;
      told.addSuppressed(newer ? first : second);
      throw told;
    }
  }

  private Bootstrap start(Path program, TaskLocation location, byte[] input)
      throws InterruptedException {
    return Bootstrap.parse(
        programs.run(
            new ShimProgram.Run(
                program,
                location.namespace(),
                location.id(),
                Bundle.of(location),
                "start",
                List.of(),
                input,
                config.startTimeout())));
  }

  private byte[] input(Input kind, TaskLocation location, @Nullable Any options) {
    return switch (kind) {
      case OPTIONS -> options == null ? new byte[0] : options.toByteArray();
      case PARAMETERS -> parameters(location, options).toByteArray();
    };
  }

  private BootstrapParams parameters(TaskLocation location, @Nullable Any options) {
    BootstrapParams.Builder parameters =
        BootstrapParams.newBuilder()
            .setInstanceId(location.id())
            .setNamespace(location.namespace())
            .setLogLevel(config.debug() ? LogLevel.LOG_LEVEL_DEBUG : LogLevel.LOG_LEVEL_INFO)
            .setContainerdVersion(CONTAINERD)
            .setContainerdGrpcAddress(config.address())
            .setContainerdTtrpcAddress(config.address() + ".ttrpc")
            .setContainerdBinary(programs.publishBinary());
    if (options != null) {
      parameters.addExtensions(Extension.newBuilder().setValue(options));
    }
    if (!config.socketDirectory().isEmpty()) {
      parameters.setSocketDir(config.socketDirectory());
    }
    return parameters.build();
  }

  private static Installed installed(Path program) {
    try {
      return new Installed(program, Files.size(program), Files.getLastModifiedTime(program));
    } catch (IOException _) {
      return new Installed(program, 0, FileTime.fromMillis(0));
    }
  }
}
