package dev.carafe.plugin.runtime.shim;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Timestamp;
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
import dev.carafe.api.types.Metric;
import dev.carafe.api.types.Platform;
import dev.carafe.ttrpc.StatusCode;
import dev.carafe.ttrpc.TtrpcException;
import dev.carafe.ttrpc.TtrpcServer;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The sandbox service of a shim that has one sandbox after the other, and runs nothing. */
final class FakeSandbox implements AutoCloseable {
  private static final String SERVICE = "containerd.runtime.sandbox.v1.Sandbox";
  private static final Timestamp AT = Timestamp.newBuilder().setSeconds(1000).build();
  private static final Map<String, MessageLite> METHODS =
      Map.of(
          "CreateSandbox", CreateSandboxRequest.getDefaultInstance(),
          "StartSandbox", StartSandboxRequest.getDefaultInstance(),
          "Platform", PlatformRequest.getDefaultInstance(),
          "StopSandbox", StopSandboxRequest.getDefaultInstance(),
          "WaitSandbox", WaitSandboxRequest.getDefaultInstance(),
          "SandboxStatus", SandboxStatusRequest.getDefaultInstance(),
          "PingSandbox", PingRequest.getDefaultInstance(),
          "ShutdownSandbox", ShutdownSandboxRequest.getDefaultInstance(),
          "SandboxMetrics", SandboxMetricsRequest.getDefaultInstance());

  final List<String> asked = Collections.synchronizedList(new ArrayList<>());
  volatile @Nullable CreateSandboxRequest created;
  volatile @Nullable String refused;
  private final TtrpcServer server;
  private String state = "";

  private FakeSandbox(Path socket) throws IOException {
    TtrpcServer.Builder builder = TtrpcServer.builder();
    METHODS.forEach((name, argument) ->
        builder.unary(
            SERVICE,
            name,
            argument.getParserForType(),
            (call, request) -> {
              asked.add(name);
              if (name.equals(refused)) {
                throw new TtrpcException(StatusCode.UNKNOWN, "no room for " + name);
              }
              return answer(request);
            }));
    server = builder.build();
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    channel.bind(UnixDomainSocketAddress.of(socket));
    server.listen(channel);
  }

  static FakeSandbox listen(Path socket) throws IOException {
    return new FakeSandbox(socket);
  }

  private synchronized void become(String next) {
    state = next;
    notifyAll();
  }

  private synchronized void awaitEnd() throws InterruptedException {
    while (state.equals("created") || state.equals("SANDBOX_READY")) {
      wait();
    }
  }

  private MessageLite answer(MessageLite argument) throws InterruptedException {
    return switch (argument) {
      case CreateSandboxRequest request -> {
        created = request;
        become("created");
        yield CreateSandboxResponse.getDefaultInstance();
      }
      case StartSandboxRequest _ -> {
        become("SANDBOX_READY");
        yield StartSandboxResponse.newBuilder().setPid(4711).setCreatedAt(AT).build();
      }
      case PlatformRequest _ ->
          PlatformResponse.newBuilder()
              .setPlatform(Platform.newBuilder().setOs("linux").setArchitecture("amd64"))
              .build();
      case StopSandboxRequest _ -> {
        become("SANDBOX_NOTREADY");
        yield StopSandboxResponse.getDefaultInstance();
      }
      case WaitSandboxRequest _ -> {
        awaitEnd();
        yield WaitSandboxResponse.newBuilder().setExitedAt(AT).build();
      }
      case SandboxStatusRequest request ->
          SandboxStatusResponse.newBuilder()
              .setPid(4711)
              .setState(state.equals("SANDBOX_READY") ? state : "SANDBOX_NOTREADY")
              .putAllInfo(request.getVerbose() ? Map.of("vm", "fake") : Map.of())
              .build();
      case ShutdownSandboxRequest _ -> {
        become("gone");
        yield ShutdownSandboxResponse.getDefaultInstance();
      }
      case SandboxMetricsRequest _ ->
          SandboxMetricsResponse.newBuilder()
              .setMetrics(Metric.newBuilder().setTimestamp(AT).setId("one"))
              .build();
      default -> PingResponse.getDefaultInstance();
    };
  }

  /** Dies. */
  @Override
  public void close() {
    server.close();
  }
}
