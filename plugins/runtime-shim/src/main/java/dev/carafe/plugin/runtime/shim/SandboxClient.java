package dev.carafe.plugin.runtime.shim;

import com.google.protobuf.Any;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import dev.carafe.api.runtime.sandbox.v1.CreateSandboxRequest;
import dev.carafe.api.runtime.sandbox.v1.CreateSandboxResponse;
import dev.carafe.api.runtime.sandbox.v1.PingRequest;
import dev.carafe.api.runtime.sandbox.v1.PingResponse;
import dev.carafe.api.runtime.sandbox.v1.PlatformRequest;
import dev.carafe.api.runtime.sandbox.v1.PlatformResponse;
import dev.carafe.api.runtime.sandbox.v1.SandboxMetricsRequest;
import dev.carafe.api.runtime.sandbox.v1.SandboxMetricsResponse;
import dev.carafe.api.runtime.sandbox.v1.SandboxStatusRequest;
import dev.carafe.api.runtime.sandbox.v1.SandboxStatusResponse;
import dev.carafe.api.runtime.sandbox.v1.ShutdownSandboxRequest;
import dev.carafe.api.runtime.sandbox.v1.ShutdownSandboxResponse;
import dev.carafe.api.runtime.sandbox.v1.StartSandboxRequest;
import dev.carafe.api.runtime.sandbox.v1.StartSandboxResponse;
import dev.carafe.api.runtime.sandbox.v1.StopSandboxRequest;
import dev.carafe.api.runtime.sandbox.v1.StopSandboxResponse;
import dev.carafe.api.runtime.sandbox.v1.WaitSandboxRequest;
import dev.carafe.api.runtime.sandbox.v1.WaitSandboxResponse;
import dev.carafe.api.types.Mount;
import dev.carafe.spi.sandboxes.CreateSandbox;
import dev.carafe.spi.sandboxes.SandboxValue;
import java.nio.file.Path;
import java.time.Duration;

/** The sandbox service of a shim, for one sandbox. */
final class SandboxClient {
  private static final String SERVICE = "containerd.runtime.sandbox.v1.Sandbox";

  private final ShimConnection connection;
  private final String id;
  private final ShimRuntimeConfig config;

  SandboxClient(ShimConnection connection, String id, ShimRuntimeConfig config) {
    this.connection = connection;
    this.id = id;
    this.config = config;
  }

  private <T extends MessageLite> T call(
      String method, MessageLite argument, Parser<T> parser, Duration timeout)
      throws InterruptedException {
    return connection.call(SERVICE, method, argument, parser, timeout);
  }

  void create(CreateSandbox request, Path bundle) throws InterruptedException {
    CreateSandboxRequest.Builder message =
        CreateSandboxRequest.newBuilder()
            .setSandboxId(id)
            .setBundlePath(bundle.toString())
            .setNetnsPath(request.networkNamespace())
            .putAllAnnotations(request.annotations());
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
      message.setOptions(any(options));
    }
    var _ =
        call(
            "CreateSandbox",
            message.build(),
            CreateSandboxResponse.parser(),
            config.createTimeout());
  }

  StartSandboxResponse start() throws InterruptedException {
    return call(
        "StartSandbox",
        StartSandboxRequest.newBuilder().setSandboxId(id).build(),
        StartSandboxResponse.parser(),
        config.callTimeout());
  }

  PlatformResponse platform() throws InterruptedException {
    return call(
        "Platform",
        PlatformRequest.newBuilder().setSandboxId(id).build(),
        PlatformResponse.parser(),
        config.stateTimeout());
  }

  void stop(Duration grace) throws InterruptedException {
    int seconds = (int) Math.clamp(grace.toSeconds(), 0, Integer.MAX_VALUE);
    var _ =
        call(
            "StopSandbox",
            StopSandboxRequest.newBuilder().setSandboxId(id).setTimeoutSecs(seconds).build(),
            StopSandboxResponse.parser(),
            config.callTimeout().plusSeconds(seconds));
  }

  WaitSandboxResponse await() throws InterruptedException {
    return call(
        "WaitSandbox",
        WaitSandboxRequest.newBuilder().setSandboxId(id).build(),
        WaitSandboxResponse.parser(),
        Duration.ZERO);
  }

  /**
   * As {@link #await}, of a sandbox that was stopped: a shim that is silent then is not waited for.
   */
  WaitSandboxResponse awaitStopped() throws InterruptedException {
    return call(
        "WaitSandbox",
        WaitSandboxRequest.newBuilder().setSandboxId(id).build(),
        WaitSandboxResponse.parser(),
        config.callTimeout());
  }

  SandboxStatusResponse status(boolean verbose) throws InterruptedException {
    return call(
        "SandboxStatus",
        SandboxStatusRequest.newBuilder().setSandboxId(id).setVerbose(verbose).build(),
        SandboxStatusResponse.parser(),
        config.stateTimeout());
  }

  void ping() throws InterruptedException {
    var _ =
        call(
            "PingSandbox",
            PingRequest.newBuilder().setSandboxId(id).build(),
            PingResponse.parser(),
            config.stateTimeout());
  }

  void shutdown() throws InterruptedException {
    var _ =
        call(
            "ShutdownSandbox",
            ShutdownSandboxRequest.newBuilder().setSandboxId(id).build(),
            ShutdownSandboxResponse.parser(),
            config.callTimeout());
  }

  SandboxMetricsResponse metrics() throws InterruptedException {
    return call(
        "SandboxMetrics",
        SandboxMetricsRequest.newBuilder().setSandboxId(id).build(),
        SandboxMetricsResponse.parser(),
        config.statsTimeout());
  }

  static Any any(SandboxValue value) {
    return Any.newBuilder()
        .setTypeUrl(value.typeUrl())
        .setValue(com.google.protobuf.ByteString.copyFrom(value.value()))
        .build();
  }
}
