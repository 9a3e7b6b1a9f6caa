package dev.carafe.services;

import dev.carafe.api.services.sandbox.v1.ControllerCreateRequest;
import dev.carafe.api.services.sandbox.v1.ControllerCreateResponse;
import dev.carafe.api.services.sandbox.v1.ControllerGrpc;
import dev.carafe.api.services.sandbox.v1.ControllerMetricsRequest;
import dev.carafe.api.services.sandbox.v1.ControllerMetricsResponse;
import dev.carafe.api.services.sandbox.v1.ControllerPlatformRequest;
import dev.carafe.api.services.sandbox.v1.ControllerPlatformResponse;
import dev.carafe.api.services.sandbox.v1.ControllerShutdownRequest;
import dev.carafe.api.services.sandbox.v1.ControllerShutdownResponse;
import dev.carafe.api.services.sandbox.v1.ControllerStartRequest;
import dev.carafe.api.services.sandbox.v1.ControllerStartResponse;
import dev.carafe.api.services.sandbox.v1.ControllerStatusRequest;
import dev.carafe.api.services.sandbox.v1.ControllerStatusResponse;
import dev.carafe.api.services.sandbox.v1.ControllerStopRequest;
import dev.carafe.api.services.sandbox.v1.ControllerStopResponse;
import dev.carafe.api.services.sandbox.v1.ControllerUpdateRequest;
import dev.carafe.api.services.sandbox.v1.ControllerUpdateResponse;
import dev.carafe.api.services.sandbox.v1.ControllerWaitRequest;
import dev.carafe.api.services.sandbox.v1.ControllerWaitResponse;
import dev.carafe.api.types.Metric;
import dev.carafe.engine.sandboxes.SandboxManager;
import dev.carafe.engine.stores.Identifiers;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.sandboxes.CreateSandbox;
import dev.carafe.spi.sandboxes.Sandbox;
import dev.carafe.spi.sandboxes.SandboxExit;
import dev.carafe.spi.sandboxes.SandboxKey;
import dev.carafe.spi.sandboxes.SandboxMetrics;
import dev.carafe.spi.sandboxes.SandboxStatus;
import dev.carafe.spi.sandboxes.StartedSandbox;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;

/** Makes sandboxes and ends them, each by the controller that the client or its record names. */
final class SandboxControllerService extends ControllerGrpc.ControllerImplBase {
  private static final String SHIM = "shim";

  /** Go's time of nothing. */
  private static final Instant NEVER = Instant.parse("0001-01-01T00:00:00Z");

  private final SandboxManager sandboxes;

  SandboxControllerService(SandboxManager sandboxes) {
    this.sandboxes = sandboxes;
  }

  @Override
  public void create(
      ControllerCreateRequest request, StreamObserver<ControllerCreateResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          SandboxKey key = key(request.getSandboxId());
          sandboxes.create(
              new CreateSandbox(
                  key,
                  sandbox(request),
                  Protos.fromMounts(request.getRootfsList()),
                  SandboxProtos.valueOrNull(request.hasOptions(), request.getOptions()),
                  request.getNetnsPath(),
                  request.getAnnotationsMap()),
              request.getSandboxer());
          return ControllerCreateResponse.newBuilder().setSandboxId(key.id()).build();
        });
  }

  private static Sandbox sandbox(ControllerCreateRequest request) {
    if (!request.hasSandbox()) {
      return new Sandbox(
          request.getSandboxId(),
          Sandbox.Runtime.NONE,
          null,
          Map.of(),
          Map.of(),
          Instant.EPOCH,
          Instant.EPOCH,
          request.getSandboxer());
    }
    Sandbox sandbox = SandboxProtos.record(request.getSandbox());
    if (!sandbox.id().equals(request.getSandboxId())) {
      throw new InvalidArgumentException(
          "sandbox \"" + request.getSandboxId() + "\": its record has another id");
    }
    return sandbox;
  }

  @Override
  public void start(
      ControllerStartRequest request, StreamObserver<ControllerStartResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          SandboxKey key = key(request.getSandboxId());
          StartedSandbox started = sandboxes.start(key, request.getSandboxer());
          ControllerStartResponse.Builder response =
              ControllerStartResponse.newBuilder()
                  .setSandboxId(key.id())
                  .setPid((int) started.pid())
                  .setCreatedAt(Protos.timestamp(started.createdAt()))
                  .putAllLabels(started.labels())
                  .setAddress(started.address())
                  .setVersion(started.version());
          if (started.spec() != null) {
            response.setSpec(SandboxProtos.any(started.spec()));
          }
          return response.build();
        });
  }

  @Override
  public void platform(
      ControllerPlatformRequest request, StreamObserver<ControllerPlatformResponse> observer) {
    Calls.unary(
        observer,
        () ->
            ControllerPlatformResponse.newBuilder()
                .setPlatform(
                    Protos.platform(
                        sandboxes.platform(key(request.getSandboxId()), request.getSandboxer())))
                .build());
  }

  @Override
  public void stop(ControllerStopRequest request, StreamObserver<ControllerStopResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          try {
            sandboxes.stop(
                key(request.getSandboxId()),
                Duration.ofSeconds(Integer.toUnsignedLong(request.getTimeoutSecs())),
                request.getSandboxer());
          } catch (NotFoundException e) {
            ifForgiven(request.getSandboxer(), e);
          }
          return ControllerStopResponse.getDefaultInstance();
        });
  }

  @Override
  public void wait(ControllerWaitRequest request, StreamObserver<ControllerWaitResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          SandboxExit exit = sandboxes.await(key(request.getSandboxId()), request.getSandboxer());
          return ControllerWaitResponse.newBuilder()
              .setExitStatus(exit.code())
              .setExitedAt(Protos.timestamp(exit.exitedAt()))
              .build();
        });
  }

  @Override
  public void status(
      ControllerStatusRequest request, StreamObserver<ControllerStatusResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          SandboxKey key = key(request.getSandboxId());
          SandboxStatus status;
          try {
            status = sandboxes.status(key, request.getVerbose(), request.getSandboxer());
          } catch (NotFoundException e) {
            ifForgiven(request.getSandboxer(), e);
            return ControllerStatusResponse.newBuilder()
                .setSandboxId(key.id())
                .setCreatedAt(Protos.timestamp(NEVER))
                .setExitedAt(Protos.timestamp(Instant.now()))
                .build();
          }
          ControllerStatusResponse.Builder response =
              ControllerStatusResponse.newBuilder()
                  .setSandboxId(key.id())
                  .setPid((int) status.pid())
                  .setState(status.state())
                  .putAllInfo(status.info())
                  .setCreatedAt(Protos.timestamp(status.createdAt()))
                  .setAddress(status.address())
                  .setVersion(status.version());
          if (status.exitedAt() != null) {
            response.setExitedAt(Protos.timestamp(status.exitedAt()));
          }
          if (status.extra() != null) {
            response.setExtra(SandboxProtos.any(status.extra()));
          }
          return response.build();
        });
  }

  @Override
  public void shutdown(
      ControllerShutdownRequest request, StreamObserver<ControllerShutdownResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          sandboxes.shutdown(key(request.getSandboxId()), request.getSandboxer());
          return ControllerShutdownResponse.getDefaultInstance();
        });
  }

  @Override
  public void metrics(
      ControllerMetricsRequest request, StreamObserver<ControllerMetricsResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          SandboxKey key = key(request.getSandboxId());
          SandboxMetrics metrics = sandboxes.metrics(key, request.getSandboxer());
          return ControllerMetricsResponse.newBuilder()
              .setMetrics(
                  Metric.newBuilder()
                      .setId(key.id())
                      .setTimestamp(Protos.timestamp(metrics.at()))
                      .setData(SandboxProtos.any(metrics.value())))
              .build();
        });
  }

  @Override
  public void update(
      ControllerUpdateRequest request, StreamObserver<ControllerUpdateResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          try {
            sandboxes.update(
                key(request.getSandboxId()),
                SandboxProtos.record(request.getSandbox()),
                Set.copyOf(request.getFieldsList()),
                request.getSandboxer());
          } catch (NotFoundException e) {
            ifForgiven(request.getSandboxer(), e);
          }
          return ControllerUpdateResponse.getDefaultInstance();
        });
  }

  /** To containerd's clients a sandbox that its controller "shim" does not know has ended. */
  private void ifForgiven(String controller, NotFoundException unknown) {
    if (!controller.equals(SHIM) || !sandboxes.has(SHIM)) {
      throw unknown;
    }
  }

  private static SandboxKey key(String id) {
    return new SandboxKey(Calls.namespace().name(), Identifiers.check("sandbox id", id));
  }
}
