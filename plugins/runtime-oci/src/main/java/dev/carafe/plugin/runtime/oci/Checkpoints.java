package dev.carafe.plugin.runtime.oci;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.errors.UnknownException;
import dev.carafe.spi.runtimes.CheckpointRequest;
import dev.carafe.spi.runtimes.RuntimeOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Checkpoints by CRIU, through the OCI runtime. */
final class Checkpoints {
  private static final Duration LIMIT = Duration.ofSeconds(590);
  private static final int LONGEST_LOG = 1 << 20;
  private static final int MOST_REASONS = 3;

  private final OciCommand command;

  Checkpoints(OciCommand command) {
    this.command = command;
  }

  void write(TaskState state, CheckpointRequest request) throws InterruptedException {
    try {
      Binaries.find("criu", "checkpoint");
    } catch (FailedPreconditionException e) {
      throw new UnimplementedException(e.getMessage(), e);
    }
    Path work = workDirectory(state, request.options());
    var arguments = arguments(request, work);
    arguments.add(state.id());
    try {
      command.run(
          state.settings(),
          Path.of(state.bundle()),
          state.layout().initFiles().log(),
          LIMIT,
          "checkpoint",
          arguments);
    } catch (UnknownException e) {
      throw OciFailure.because(e, reasons(work.resolve("dump.log")));
    }
  }

  private static Path workDirectory(TaskState state, RuntimeOptions options) {
    for (String chosen : List.of(options.text("work_path"), state.settings().workPath())) {
      if (!chosen.isEmpty()) {
        return Path.of(chosen);
      }
    }
    Path work = state.layout().init().resolve("criu");
    try {
      PrivateFiles.directory(work);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return work;
  }

  /** {@code containerd.runc.v1.CheckpointOptions} as runc's and crun's options. */
  static List<String> arguments(CheckpointRequest request, Path work) {
    RuntimeOptions options = request.options();
    var arguments =
        new ArrayList<String>(
            List.of(
                "--image-path", request.directory().toString(), "--work-path", work.toString()));
    if (!request.exit() && !options.flag("exit")) {
      arguments.add("--leave-running");
    }
    addIf(arguments, options.flag("open_tcp"), "--tcp-established");
    addIf(arguments, options.flag("external_unix_sockets"), "--ext-unix-sk");
    addIf(arguments, options.flag("terminal"), "--shell-job");
    addIf(arguments, options.flag("file_locks"), "--file-locks");
    if (options.values().get("empty_namespaces") instanceof List<?> namespaces) {
      namespaces.forEach(name -> arguments.addAll(List.of("--empty-ns", String.valueOf(name))));
    }
    if (!options.text("cgroups_mode").isEmpty()) {
      arguments.addAll(List.of("--manage-cgroups-mode", options.text("cgroups_mode")));
    }
    return arguments;
  }

  private static void addIf(List<String> arguments, boolean wanted, String argument) {
    if (wanted) {
      arguments.add(argument);
    }
  }

  /** CRIU says why in a log of its own. */
  private static String reasons(Path log) {
    try (var in = Files.newInputStream(log)) {
      Stream<String> errors =
          new String(in.readNBytes(LONGEST_LOG), StandardCharsets.UTF_8)
              .lines()
              .filter(line -> line.contains("Error"));
      return String.join("; ", errors.limit(MOST_REASONS).toList());
    } catch (IOException _) {
      return "";
    }
  }
}
