package dev.carafe.plugin.sandbox.proxy;

import dev.carafe.api.services.sandbox.v1.ControllerCreateRequest;
import dev.carafe.api.services.sandbox.v1.ControllerGrpc;
import dev.carafe.api.services.sandbox.v1.ControllerMetricsRequest;
import dev.carafe.api.services.sandbox.v1.ControllerPlatformRequest;
import dev.carafe.api.services.sandbox.v1.ControllerShutdownRequest;
import dev.carafe.api.services.sandbox.v1.ControllerStartRequest;
import dev.carafe.api.services.sandbox.v1.ControllerStatusRequest;
import dev.carafe.api.services.sandbox.v1.ControllerStopRequest;
import dev.carafe.api.services.sandbox.v1.ControllerUpdateRequest;
import dev.carafe.api.services.sandbox.v1.ControllerWaitRequest;
import dev.carafe.api.types.Mount;
import dev.carafe.plugin.proxy.support.Answers;
import dev.carafe.plugin.proxy.support.Patience;
import dev.carafe.plugin.proxy.support.Peer;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.plugins.Caller;
import dev.carafe.spi.sandboxes.CreateSandbox;
import dev.carafe.spi.sandboxes.Sandbox;
import dev.carafe.spi.sandboxes.SandboxController;
import dev.carafe.spi.sandboxes.SandboxExit;
import dev.carafe.spi.sandboxes.SandboxKey;
import dev.carafe.spi.sandboxes.SandboxMetrics;
import dev.carafe.spi.sandboxes.SandboxStatus;
import dev.carafe.spi.sandboxes.SandboxValue;
import dev.carafe.spi.sandboxes.StartedSandbox;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.Set;

/**
 * A sandbox controller whose work another process does. A sandbox's namespace is told as the
 * caller's.
 */
final class ProxySandboxController implements SandboxController, AutoCloseable {
  /** One question to a sandbox that runs on; another one follows. */
  private static final Duration WAIT = Duration.ofMinutes(10);

  private final Peer peer;
  private final Answers answers;

  ProxySandboxController(Peer peer) {
    this.peer = peer;
    this.answers = new Answers(peer);
  }

  @Override
  public void create(CreateSandbox request) {
    ControllerCreateRequest.Builder message =
        ControllerCreateRequest.newBuilder()
            .setSandboxId(request.key().id())
            .setNetnsPath(request.networkNamespace())
            .putAllAnnotations(request.annotations())
            .setSandbox(Values.message(request.sandbox()))
            .setSandboxer(peer.remoteName());
    for (dev.carafe.spi.mounts.Mount mount : request.rootfs()) {
      message.addRootfs(
          Mount.newBuilder()
              .setType(mount.type())
              .setSource(mount.source())
              .setTarget(mount.target())
              .addAllOptions(mount.options()));
    }
    SandboxValue options = request.options();
    if (options != null) {
      message.setOptions(Values.any(options));
    }
    call(request.key(), ControllerGrpc.getCreateMethod(), message.build(), Patience.LONG);
  }

  @Override
  public StartedSandbox start(SandboxKey key) {
    var started =
        call(
            key,
            ControllerGrpc.getStartMethod(),
            ControllerStartRequest.newBuilder()
                .setSandboxId(key.id())
                .setSandboxer(peer.remoteName())
                .build(),
            Patience.LONG);
    return new StartedSandbox(
        Integer.toUnsignedLong(started.getPid()),
        answers.instant(started.getCreatedAt()),
        answers.texts("labels", started.getLabelsMap()),
        answers.word("address", started.getAddress()),
        version(started.getVersion()),
        Values.valueOrNull(started.hasSpec(), started.getSpec()));
  }

  @Override
  public Platform platform(SandboxKey key) {
    var platform =
        call(
                key,
                ControllerGrpc.getPlatformMethod(),
                ControllerPlatformRequest.newBuilder()
                    .setSandboxId(key.id())
                    .setSandboxer(peer.remoteName())
                    .build(),
                Patience.CALL)
            .getPlatform();
    return new Platform(
        platform.getOs(),
        platform.getArchitecture(),
        platform.getVariant(),
        platform.getOsVersion(),
        platform.getOsFeaturesList());
  }

  @Override
  public void stop(SandboxKey key, Duration grace) throws InterruptedException {
    int seconds = (int) Math.clamp(grace.toSeconds(), 0, Integer.MAX_VALUE);
    interruptibly(() ->
        call(
            key,
            ControllerGrpc.getStopMethod(),
            ControllerStopRequest.newBuilder()
                .setSandboxId(key.id())
                .setTimeoutSecs(seconds)
                .setSandboxer(peer.remoteName())
                .build(),
            Duration.ofSeconds(seconds).plus(Patience.LONG)));
  }

  @Override
  public SandboxExit await(SandboxKey key) throws InterruptedException {
    ControllerWaitRequest request =
        ControllerWaitRequest.newBuilder()
            .setSandboxId(key.id())
            .setSandboxer(peer.remoteName())
            .build();
    while (true) {
      try {
        var exit = interruptibly(() -> call(key, ControllerGrpc.getWaitMethod(), request, WAIT));
        return new SandboxExit(exit.getExitStatus(), answers.instant(exit.getExitedAt()));
      } catch (DeadlineExceededException e) {
        // It runs on; one that does not answer at all is found out here.
        status(key, false);
      }
    }
  }

  @Override
  public SandboxStatus status(SandboxKey key, boolean verbose) {
    var status =
        call(
            key,
            ControllerGrpc.getStatusMethod(),
            ControllerStatusRequest.newBuilder()
                .setSandboxId(key.id())
                .setVerbose(verbose)
                .setSandboxer(peer.remoteName())
                .build(),
            Patience.CALL);
    return new SandboxStatus(
        Integer.toUnsignedLong(status.getPid()),
        answers.word("state", status.getState()),
        answers.texts("details", status.getInfoMap()),
        answers.instant(status.getCreatedAt()),
        status.hasExitedAt() ? answers.instant(status.getExitedAt()) : null,
        Values.valueOrNull(status.hasExtra(), status.getExtra()),
        answers.word("address", status.getAddress()),
        version(status.getVersion()));
  }

  @Override
  public void shutdown(SandboxKey key) {
    call(
        key,
        ControllerGrpc.getShutdownMethod(),
        ControllerShutdownRequest.newBuilder()
            .setSandboxId(key.id())
            .setSandboxer(peer.remoteName())
            .build(),
        Patience.LONG);
  }

  @Override
  public SandboxMetrics metrics(SandboxKey key) {
    var metrics =
        call(
                key,
                ControllerGrpc.getMetricsMethod(),
                ControllerMetricsRequest.newBuilder()
                    .setSandboxId(key.id())
                    .setSandboxer(peer.remoteName())
                    .build(),
                Patience.CALL)
            .getMetrics();
    return new SandboxMetrics(
        answers.instant(metrics.getTimestamp()), Values.value(metrics.getData()));
  }

  @Override
  public void update(SandboxKey key, Sandbox sandbox, Set<String> fields) {
    call(
        key,
        ControllerGrpc.getUpdateMethod(),
        ControllerUpdateRequest.newBuilder()
            .setSandboxId(key.id())
            .setSandboxer(peer.remoteName())
            .setSandbox(Values.message(sandbox))
            .addAllFields(fields)
            .build(),
        Patience.CALL);
  }

  @Override
  public void close() {
    peer.close();
  }

  private <Q, R> R call(SandboxKey key, MethodDescriptor<Q, R> method, Q request, Duration atMost) {
    return new Caller(key.namespace(), "").call(() -> peer.call(method, request, atMost));
  }

  private interface Step<T> {
    T run();
  }

  /** For methods that say so when they are interrupted. */
  private static <T> T interruptibly(Step<T> step) throws InterruptedException {
    try {
      return step.run();
    } catch (CancelledException e) {
      if (Thread.interrupted()) {
        InterruptedException interrupted = new InterruptedException(e.getMessage());
        interrupted.initCause(e);
        throw interrupted;
      }
      throw e;
    }
  }

  private int version(int version) {
    return (int) answers.count("version", version);
  }
}
