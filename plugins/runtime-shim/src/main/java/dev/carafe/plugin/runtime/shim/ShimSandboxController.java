package dev.carafe.plugin.runtime.shim;

import com.google.protobuf.Any;
import com.google.protobuf.Timestamp;
import dev.carafe.api.runtime.sandbox.v1.SandboxStatusResponse;
import dev.carafe.api.runtime.sandbox.v1.StartSandboxResponse;
import dev.carafe.api.types.Metric;
import dev.carafe.linux.EventLoop;
import dev.carafe.linux.Mounter;
import dev.carafe.linux.TreeRemover;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.runtimes.TaskLocation;
import dev.carafe.spi.sandboxes.CreateSandbox;
import dev.carafe.spi.sandboxes.Sandbox;
import dev.carafe.spi.sandboxes.SandboxController;
import dev.carafe.spi.sandboxes.SandboxExit;
import dev.carafe.spi.sandboxes.SandboxKey;
import dev.carafe.spi.sandboxes.SandboxMetrics;
import dev.carafe.spi.sandboxes.SandboxStatus;
import dev.carafe.spi.sandboxes.SandboxValue;
import dev.carafe.spi.sandboxes.StartedSandbox;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sandboxes that are shims, by containerd's sandbox service ({@code
 * containerd.runtime.sandbox.v1}): a virtual machine, for example. Tasks of the sandbox are created
 * at the shim's address, which {@link #start} and {@link #status} tell.
 */
final class ShimSandboxController implements SandboxController, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ShimSandboxController.class);
  private static final int CAPACITY = 1 << 16;

  private final ShimRuntimeConfig config;
  private final Path state;
  private final EventLoop loop = EventLoop.start("shim-sandboxes", CAPACITY);
  private final ShimBinaries binaries;
  private final ShimStarter starter;
  private final ShimCleaner cleaner;
  private final Map<SandboxKey, SandboxShim> sandboxes = new ConcurrentHashMap<>();
  private final Set<SandboxKey> making = ConcurrentHashMap.newKeySet();

  private ShimSandboxController(ShimRuntimeConfig config, Path state, Path work) {
    this.config = config;
    this.state = state;
    this.binaries = new ShimBinaries(config.directories());
    ShimProgram programs = new ShimProgram(loop, config);
    this.starter = new ShimStarter(programs, config);
    this.cleaner = new ShimCleaner(config, programs, work, Mounter.kernel());
  }

  /**
   * Opens it, with the sandboxes of an earlier daemon.
   *
   * @param state below which each sandbox has a bundle; a reboot empties it
   * @param work below which shims get a directory of their own
   */
  static ShimSandboxController open(ShimRuntimeConfig config, Path state, Path work) {
    var controller = new ShimSandboxController(config, state, work);
    controller.load();
    return controller;
  }

  private void load() {
    for (Path namespace : children(state)) {
      for (Path bundle : children(namespace)) {
        SandboxRecord record =
            ShimState.read(bundle.resolve(SandboxRecord.FILE), SandboxRecord.class);
        TaskLocation location =
            new TaskLocation(
                namespace.getFileName().toString(), bundle.getFileName().toString(), bundle);
        if (record == null || record.bootstrap() == null) {
          // In the background: a start that was cut off may have left a shim that is slow to end.
          Thread.ofVirtual().name("sandbox-" + location).start(() -> discardQuietly(location));
        } else {
          sandboxes.put(
              new SandboxKey(record.namespace(), record.id()),
              new SandboxShim(config, location, record, log(location)));
        }
      }
    }
  }

  private static Set<Path> children(Path directory) {
    Set<Path> children = new java.util.TreeSet<>();
    if (Files.isDirectory(directory)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
        entries.forEach(children::add);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return children;
  }

  private ShimLog log(TaskLocation location) {
    return ShimLog.open(loop, location.toString(), Bundle.of(location).log());
  }

  private TaskLocation location(SandboxKey key) {
    return new TaskLocation(
        key.namespace(), key.id(), state.resolve(key.namespace()).resolve(key.id()));
  }

  private SandboxShim find(SandboxKey key) {
    SandboxShim shim = sandboxes.get(key);
    if (shim == null) {
      throw new NotFoundException("sandbox \"" + key.id() + "\": not found");
    }
    return shim;
  }

  @Override
  public void create(CreateSandbox request) {
    SandboxKey key = request.key();
    if (!making.add(key)) {
      throw new AlreadyExistsException("sandbox \"" + key.id() + "\": already exists");
    }
    try {
      if (sandboxes.containsKey(key)) {
        throw new AlreadyExistsException("sandbox \"" + key.id() + "\": already exists");
      }
      make(request, key);
    } finally {
      making.remove(key);
    }
  }

  private void make(CreateSandbox request, SandboxKey key) {
    String runtime = request.sandbox().runtime().name();
    Path program = binaries.find(runtime.isEmpty() ? ShimBinaries.DEFAULT : runtime);
    TaskLocation location = location(key);
    boolean done = false;
    @Nullable SandboxShim shim = null;
    try {
      SandboxRecord intent =
          new SandboxRecord(
              key.namespace(),
              key.id(),
              program.toString(),
              null,
              0,
              Instant.now().toString(),
              "",
              null);
      prepare(location, request.sandbox(), intent);
      ShimLog log = log(location);
      shim = new SandboxShim(config, location, intent, log);
      Bootstrap bootstrap = starter.start(program, location, ShimOptions.of(request.sandbox()));
      Bundle bundle = Bundle.of(location);
      bundle.write(bundle.bootstrap(), bootstrap.json());
      shim.update(intent.made(bootstrap));
      shim.<@Nullable Object>call(client -> {
        client.create(request, location.bundle());
        return null;
      });
      sandboxes.put(key, shim);
      done = true;
    } catch (ShimGoneException e) {
      throw new FailedPreconditionException("sandbox \"" + key.id() + "\": " + e.getMessage(), e);
    } catch (InterruptedException e) {
      throw ShimFailures.cancelled("sandbox \"" + key.id() + "\"", e);
    } finally {
      if (!done) {
        if (shim != null) {
          shim.close();
        }
        discardQuietly(location);
      }
    }
  }

  private void prepare(TaskLocation location, Sandbox sandbox, SandboxRecord intent) {
    Bundle bundle = Bundle.of(location);
    try {
      Files.createDirectories(location.bundle().getParent());
      Files.createDirectory(
          location.bundle(),
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      bundle.write(location.bundle().resolve(SandboxRecord.FILE), ShimState.bytes(intent));
      SandboxValue spec = sandbox.spec();
      if (spec != null) {
        bundle.write(bundle.config(), spec.value());
      }
      bundle.write(
          bundle.binaryPath(), intent.program().getBytes(java.nio.charset.StandardCharsets.UTF_8));
      bundle.makeRootfs();
      Path work = cleaner.workDirectory(location);
      Files.createDirectories(
          work, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx--x--x")));
      Files.createSymbolicLink(bundle.work(), work);
    } catch (IOException e) {
      throw new UncheckedIOException("bundle " + location.bundle() + ": " + e.getMessage(), e);
    }
  }

  @Override
  public StartedSandbox start(SandboxKey key) {
    SandboxShim shim = find(key);
    if (shim.record().isStarted() || shim.exit() != null) {
      throw new FailedPreconditionException("sandbox \"" + key.id() + "\": was started before");
    }
    StartSandboxResponse started = on(shim, SandboxClient::start);
    Instant at = started.hasCreatedAt() ? instant(started.getCreatedAt()) : Instant.now();
    shim.update(shim.record().started(Integer.toUnsignedLong(started.getPid()), at));
    return new StartedSandbox(
        shim.record().pid(),
        at,
        Map.of(),
        address(shim),
        shim.bootstrap().version(),
        started.hasSpec() ? value(started.getSpec()) : null);
  }

  /** As clients of containerd are told. */
  private static String address(SandboxShim shim) {
    return shim.bootstrap().protocol() + "+" + shim.bootstrap().address();
  }

  @Override
  public Platform platform(SandboxKey key) {
    var platform = on(find(key), SandboxClient::platform).getPlatform();
    return new Platform(
        platform.getOs(),
        platform.getArchitecture(),
        platform.getVariant(),
        platform.getOsVersion(),
        platform.getOsFeaturesList());
  }

  @Override
  public void stop(SandboxKey key, Duration grace) throws InterruptedException {
    SandboxShim shim = find(key);
    if (shim.exit() != null) {
      return;
    }
    try {
      shim.<@Nullable Object>call(client -> {
        client.stop(grace);
        return null;
      });
    } catch (ShimGoneException e) {
      LOG.info("sandbox {}: its shim is dead: {}", key, e.getMessage());
      return;
    }
    SandboxExit exit = shim.afterStop();
    LOG.debug("sandbox {}: {}", key, exit);
  }

  @Override
  public SandboxExit await(SandboxKey key) throws InterruptedException {
    return find(key).await();
  }

  @Override
  public SandboxStatus status(SandboxKey key, boolean verbose) {
    SandboxShim shim = find(key);
    SandboxStatusResponse answer = null;
    if (shim.exit() == null) {
      try {
        answer = shim.call(client -> client.status(verbose));
      } catch (ShimGoneException _) {
        LOG.info("sandbox {}: its shim is dead", key);
      } catch (InterruptedException e) {
        throw ShimFailures.cancelled("sandbox \"" + key.id() + "\"", e);
      }
    }
    SandboxExit exit = shim.exit();
    SandboxRecord record = shim.record();
    Instant createdAt =
        SandboxRecord.instant(record.isStarted() ? record.startedAt() : record.createdAt());
    if (answer == null || exit != null) {
      return new SandboxStatus(
          record.pid(),
          SandboxStatus.NOT_READY,
          Map.of(),
          createdAt,
          exit == null ? null : exit.exitedAt(),
          null,
          address(shim),
          shim.bootstrap().version());
    }
    return new SandboxStatus(
        Integer.toUnsignedLong(answer.getPid()),
        answer.getState(),
        answer.getInfoMap(),
        answer.hasCreatedAt() ? instant(answer.getCreatedAt()) : createdAt,
        answer.hasExitedAt() ? instant(answer.getExitedAt()) : null,
        answer.hasExtra() ? value(answer.getExtra()) : null,
        address(shim),
        shim.bootstrap().version());
  }

  @Override
  public void shutdown(SandboxKey key) {
    SandboxShim shim = find(key);
    try {
      shim.<@Nullable Object>call(client -> {
        client.shutdown();
        return null;
      });
    } catch (ShimGoneException _) {
      LOG.debug("sandbox {}: its shim has ended", key);
    } catch (DaemonException e) {
      LOG.warn("sandbox {}: shim does not shut down: {}", key, e.getMessage());
    } catch (InterruptedException e) {
      throw ShimFailures.cancelled("sandbox \"" + key.id() + "\"", e);
    }
    shim.close();
    try {
      discard(shim.location());
    } catch (InterruptedException e) {
      throw ShimFailures.cancelled("sandbox \"" + key.id() + "\"", e);
    }
    sandboxes.remove(key, shim);
  }

  /** Ends what is left of a shim, and removes everything of its sandbox. */
  private void discard(TaskLocation location) throws InterruptedException {
    cleaner.endSandbox(location, config.shutdownTimeout());
    if (Files.isDirectory(location.bundle())) {
      TreeRemover.remove(location.bundle());
    }
  }

  private void discardQuietly(TaskLocation location) {
    boolean interrupted = Thread.interrupted();
    try {
      discard(location);
    } catch (RuntimeException e) {
      LOG.error("sandbox {}: left over: {}", location, e.toString());
    } catch (InterruptedException e) {
      interrupted = true;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public SandboxMetrics metrics(SandboxKey key) {
    Metric metric = on(find(key), SandboxClient::metrics).getMetrics();
    return new SandboxMetrics(instant(metric.getTimestamp()), value(metric.getData()));
  }

  /** A shim takes no news of its sandbox's record: its service has no call for it. */
  @Override
  public void update(SandboxKey key, Sandbox sandbox, Set<String> fields) {
    find(key);
  }

  private static <T> T on(SandboxShim shim, SandboxShim.Call<T> call) {
    try {
      return shim.call(call);
    } catch (ShimGoneException e) {
      throw new UnavailableException(String.valueOf(e.getMessage()), e);
    } catch (InterruptedException e) {
      throw ShimFailures.cancelled("sandbox \"" + shim.record().id() + "\"", e);
    }
  }

  private static Instant instant(Timestamp time) {
    return ShimTask.instant(time);
  }

  private static SandboxValue value(Any any) {
    return new SandboxValue(any.getTypeUrl(), any.getValue().toByteArray());
  }

  /** Lets go of all shims; they and their sandboxes go on. */
  @Override
  public void close() {
    sandboxes.values().forEach(SandboxShim::close);
    sandboxes.clear();
    loop.close();
  }
}
