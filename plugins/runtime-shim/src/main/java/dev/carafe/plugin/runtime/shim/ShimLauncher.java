package dev.carafe.plugin.runtime.shim;

import com.google.protobuf.Any;
import dev.carafe.api.task.v3.ConnectResponse;
import dev.carafe.api.task.v3.CreateTaskRequest;
import dev.carafe.api.types.Mount;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.EventLoop;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.UnknownException;
import dev.carafe.spi.runtimes.CreateTask;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.spi.runtimes.TaskLocation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sets tasks up: bundle, shim, {@code Create}. Before a shim is started the intent is in the
 * bundle; after a failure {@link ShimCleaner#discard} undoes what was done.
 */
final class ShimLauncher {
  private static final Logger LOG = LoggerFactory.getLogger(ShimLauncher.class);

  private final EventLoop loop;
  private final ShimRuntimeConfig config;
  private final ShimBinaries binaries;
  private final ShimStarter starter;
  private final ShimCleaner cleaner;

  ShimLauncher(
      EventLoop loop,
      ShimRuntimeConfig config,
      ShimBinaries binaries,
      ShimStarter starter,
      ShimCleaner cleaner) {
    this.loop = loop;
    this.config = config;
    this.binaries = binaries;
    this.starter = starter;
    this.cleaner = cleaner;
  }

  ShimTask create(CreateTask request) throws InterruptedException {
    TaskLocation location = request.location();
    Bundle bundle = Bundle.of(location);
    CriLogPlan plan = CriLogPlan.of(request.stdio());
    Stdio stdio = plan == null ? StdioNames.checked(request.stdio()) : plan.fifos(bundle);
    SpecDocument spec = SpecDocument.of(request.spec(), request.stdio().terminal());
    Path program = binaries.find(ShimOptions.runtime(request.options()));
    Any options = ShimOptions.of(request.options());
    Bootstrap existing = ShimOptions.existing(request.options());
    prepare(bundle, location, spec, program, existing != null);
    ShimLog log = ShimLog.open(loop, location.toString(), bundle.log());
    boolean done = false;
    @Nullable ShimConnection connection = null;
    @Nullable CriLog output = null;
    try {
      if (plan != null) {
        bundle.write(bundle.criLog(), ShimState.bytes(plan));
        output = CriLog.start(plan, loop, bundle);
      }
      Bootstrap bootstrap = existing == null ? starter.start(program, location, options) : existing;
      bundle.write(bundle.bootstrap(), bootstrap.json());
      connection = ShimConnection.open(bootstrap, location.namespace(), config.loadTimeout());
      var client = new TaskClient(connection, bootstrap.version(), location.id(), config);
      long pid = create(client, message(request, stdio, options), location);
      ShimState state =
          ShimState.created(
              location,
              program,
              bootstrap,
              shim(client),
              pid,
              request.stdio().terminal(),
              existing != null);
      var task = new ShimTask(config, cleaner, state, log, output);
      task.attach(connection);
      done = true;
      return task;
    } catch (ShimGoneException e) {
      throw new FailedPreconditionException("task " + location + ": " + e.getMessage(), e);
    } finally {
      if (!done) {
        log.close();
        if (output != null) {
          output.close();
        }
        if (connection != null) {
          connection.close();
        }
      }
    }
  }

  private void prepare(
      Bundle bundle, TaskLocation location, SpecDocument spec, Path program, boolean borrowed) {
    try {
      bundle.write(
          bundle.intent(),
          ShimState.bytes(
              new ShimState.Intent(
                  location.namespace(), location.id(), program.toString(), borrowed)));
      bundle.write(bundle.config(), spec.json());
      bundle.write(bundle.binaryPath(), program.toString().getBytes(StandardCharsets.UTF_8));
      bundle.makeRootfs();
      Path work = cleaner.workDirectory(location);
      Files.createDirectories(
          work, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx--x--x")));
      Files.deleteIfExists(bundle.work());
      Files.createSymbolicLink(bundle.work(), work);
      if (spec.rootGid() > 0) {
        bundle.openFor(spec.rootGid());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("bundle " + bundle.directory() + ": " + e.getMessage(), e);
    }
  }

  private static long create(TaskClient client, CreateTaskRequest request, TaskLocation location)
      throws InterruptedException {
    try {
      return client.create(request);
    } catch (UnknownException e) {
      if (String.valueOf(e.getMessage()).contains("mount rootfs")) {
        throw new FailedPreconditionException("task " + location + ": " + e.getMessage(), e);
      }
      throw e;
    }
  }

  private static CreateTaskRequest message(CreateTask request, Stdio stdio, @Nullable Any options) {
    CreateTaskRequest.Builder message =
        CreateTaskRequest.newBuilder()
            .setId(request.location().id())
            .setBundle(request.location().bundle().toString())
            .setTerminal(stdio.terminal())
            .setStdin(stdio.stdin())
            .setStdout(stdio.stdout())
            .setStderr(stdio.stderr());
    for (dev.carafe.spi.mounts.Mount mount : request.rootfs()) {
      message.addRootfs(
          Mount.newBuilder()
              .setType(mount.type())
              .setSource(mount.source())
              .setTarget(mount.target())
              .addAllOptions(mount.options()));
    }
    Path checkpoint = request.checkpoint();
    if (checkpoint != null) {
      message.setCheckpoint(checkpoint.toString());
    }
    if (options != null) {
      message.setOptions(options);
    }
    return message.build();
  }

  /** Who the shim is; one that does not say so is not known, and never killed. */
  private static ShimProcess shim(TaskClient client) throws InterruptedException {
    try {
      ConnectResponse response = client.connect();
      return ShimProcess.of(Integer.toUnsignedLong(response.getShimPid()));
    } catch (DaemonException _) {
      return ShimProcess.UNKNOWN;
    }
  }

  /** Takes up the task of an earlier daemon, whether its shim answers or not. */
  ShimTask recover(ShimState state) {
    Bundle bundle = Bundle.of(state.location());
    ShimLog log =
        bundle.exists() ? ShimLog.open(loop, state.location().toString(), bundle.log()) : null;
    var task = new ShimTask(config, cleaner, state, log, output(bundle));
    task.connect();
    return task;
  }

  private @Nullable CriLog output(Bundle bundle) {
    CriLogPlan plan = ShimState.read(bundle.criLog(), CriLogPlan.class);
    try {
      return plan == null ? null : CriLog.start(plan, loop, bundle);
    } catch (ErrnoException e) {
      LOG.error("log {}: output is not written: {}", plan.path(), e.getMessage());
      return null;
    }
  }
}
