package dev.carafe.plugin.sandbox.pod;

import dev.carafe.linux.Mounter;
import dev.carafe.oci.Platforms;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.sandboxes.CreateSandbox;
import dev.carafe.spi.sandboxes.Sandbox;
import dev.carafe.spi.sandboxes.SandboxController;
import dev.carafe.spi.sandboxes.SandboxExit;
import dev.carafe.spi.sandboxes.SandboxKey;
import dev.carafe.spi.sandboxes.SandboxMetrics;
import dev.carafe.spi.sandboxes.SandboxStatus;
import dev.carafe.spi.sandboxes.StartedSandbox;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Sandboxes that are namespaces and nothing more: no process runs in them, so none can die, and a
 * sandbox ends when it is stopped or the machine is. The paths of the namespaces are in the verbose
 * status, under {@code namespace.net} and so on; a namespace that the client brought is shown, but
 * neither pinned nor removed.
 */
final class PodSandboxController implements SandboxController {
  private final PodLayout layout;
  private final Pins pins;
  private final Clock clock;
  private final Map<SandboxKey, Pod> pods = new ConcurrentHashMap<>();

  private PodSandboxController(PodLayout layout, Pins pins, Clock clock) {
    this.layout = layout;
    this.pins = pins;
    this.clock = clock;
  }

  /** Takes up what an earlier daemon left, and removes what it left half made. */
  static PodSandboxController open(Path state, Mounter mounter, Clock clock) {
    PodSandboxController controller =
        new PodSandboxController(new PodLayout(state), new Pins(mounter), clock);
    new PodRecovery(controller.layout, controller.pins, clock).run(controller.pods::put);
    return controller;
  }

  @Override
  public void create(CreateSandbox request) {
    SandboxKey key = request.key();
    PodOptions options = PodOptions.of(request.options());
    if (!request.rootfs().isEmpty()) {
      throw new InvalidArgumentException(
          "sandbox \"" + key.id() + "\": the pod controller takes no root file system");
    }
    Set<PodNamespace> namespaces = EnumSet.noneOf(PodNamespace.class);
    namespaces.addAll(options.namespaces());
    if (!request.networkNamespace().isEmpty()) {
      requireNamespace(request.networkNamespace());
      namespaces.remove(PodNamespace.NET);
    }
    PodRecord record =
        new PodRecord(
            false,
            options.hostname(),
            namespaces,
            request.networkNamespace(),
            options.ids(),
            clock.instant(),
            null);
    Pod pod = new Pod(record);
    if (pods.putIfAbsent(key, pod) != null) {
      throw new AlreadyExistsException("sandbox \"" + key.id() + "\": already exists");
    }
    try {
      Files.createDirectories(layout.sandbox(key));
      record.write(layout.record(key));
    } catch (IOException e) {
      pods.remove(key, pod);
      PodRecovery.remove(layout, pins, key);
      throw new UncheckedIOException("sandbox \"" + key.id() + "\"", e);
    }
  }

  private static void requireNamespace(String path) {
    if (!path.startsWith("/") || path.indexOf('\0') >= 0 || !Files.exists(Path.of(path))) {
      throw new InvalidArgumentException(
          "network namespace \"" + path.replaceAll("\\p{Cntrl}", "?") + "\" is not there");
    }
  }

  @Override
  public StartedSandbox start(SandboxKey key) {
    Pod pod = pod(key);
    PodRecord record = pod.record();
    if (record.started() || record.exit() != null) {
      throw new FailedPreconditionException(
          "sandbox \""
              + key.id()
              + "\": was "
              + (record.started() ? "started" : "stopped")
              + " before");
    }
    PodRecord started = record.asStarted();
    try {
      pins.make(layout.pins(key), record.namespaces(), record.hostname(), record.ids());
      try {
        started.write(layout.record(key));
      } catch (IOException e) {
        pins.release(layout.pins(key));
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException("sandbox \"" + key.id() + "\"", e);
    }
    pod.become(started);
    return new StartedSandbox(0, started.createdAt(), Map.of(), "", 0, null);
  }

  @Override
  public Platform platform(SandboxKey key) {
    pod(key);
    return Platforms.host();
  }

  @Override
  public void stop(SandboxKey key, Duration grace) {
    stop(key, pod(key));
  }

  private void stop(SandboxKey key, Pod pod) {
    if (pod.record().exit() != null) {
      return;
    }
    PodRecord ended = pod.record().ended(new SandboxExit(0, clock.instant()));
    pins.release(layout.pins(key));
    try {
      ended.write(layout.record(key));
    } catch (IOException e) {
      throw new UncheckedIOException("sandbox \"" + key.id() + "\"", e);
    }
    pod.become(ended);
  }

  @Override
  public SandboxExit await(SandboxKey key) throws InterruptedException {
    try {
      return pod(key).exit().get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public SandboxStatus status(SandboxKey key, boolean verbose) {
    PodRecord record = pod(key).record();
    boolean ready = record.started() && record.exit() == null;
    return new SandboxStatus(
        0,
        ready ? SandboxStatus.READY : SandboxStatus.NOT_READY,
        verbose ? info(key, record, ready) : Map.of(),
        record.createdAt(),
        exitedAt(record),
        null,
        "",
        0);
  }

  private static @Nullable Instant exitedAt(PodRecord record) {
    SandboxExit exit = record.exit();
    return exit == null ? null : exit.exitedAt();
  }

  private Map<String, String> info(SandboxKey key, PodRecord record, boolean ready) {
    Map<String, String> info = new LinkedHashMap<>();
    if (!record.hostname().isEmpty()) {
      info.put("hostname", record.hostname());
    }
    if (!record.networkNamespace().isEmpty()) {
      info.put("namespace.net", record.networkNamespace());
    }
    if (ready) {
      record
          .namespaces()
          .forEach(namespace ->
              info.put("namespace." + namespace.file(), layout.pin(key, namespace).toString()));
    }
    return info;
  }

  @Override
  public void shutdown(SandboxKey key) {
    Pod pod = pod(key);
    stop(key, pod);
    PodRecovery.remove(layout, pins, key);
    pods.remove(key, pod);
  }

  @Override
  public SandboxMetrics metrics(SandboxKey key) {
    pod(key);
    throw new UnimplementedException(
        "sandbox \"" + key.id() + "\": no process runs in it; its containers have metrics");
  }

  /** Nothing that a client may change has a part in the namespaces. */
  @Override
  public void update(SandboxKey key, Sandbox sandbox, Set<String> fields) {
    pod(key);
  }

  private Pod pod(SandboxKey key) {
    Pod pod = pods.get(key);
    if (pod == null) {
      throw new NotFoundException("sandbox \"" + key.id() + "\": not found");
    }
    return pod;
  }
}
