package dev.carafe.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.services.Calls;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnavailableException;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ApiServerTest {
  private final Deque<Runnable> open = new ArrayDeque<>();

  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

  @TempDir Path work;

  @AfterEach
  void closeAll() {
    open.forEach(Runnable::run);
    loops.shutdownGracefully(0, 0, TimeUnit.SECONDS);
  }

  private ApiServer serve(boolean reflection, GrpcTcpFactory.@Nullable Config tcp) {
    ServerSettings settings =
        new ServerSettings() {
          @Override
          public boolean reflection() {
            return reflection;
          }

          @Override
          public GrpcTcpFactory.@Nullable Config tcp() {
            return tcp;
          }
        };
    ApiServer server =
        ApiServer.start(
            SocketFile.claim(work.resolve("s")),
            List.of(),
            Calls.headers(),
            List.of(),
            List.of(settings));
    open.push(server::stop);
    return server;
  }

  private static GrpcTcpFactory.Config tcp(Identity server, Identity clients, String name) {
    return new GrpcTcpFactory.Config(
        "127.0.0.1:0",
        clients.certificate().toString(),
        server.certificate().toString(),
        server.key().toString(),
        name);
  }

  private Channel connect(int port, Identity server, @Nullable Identity client) throws IOException {
    SslContextBuilder tls = GrpcSslContexts.forClient().trustManager(server.certificate().toFile());
    if (client != null) {
      tls.keyManager(client.certificate().toFile(), client.key().toFile());
    }
    return opened(NettyChannelBuilder.forAddress("127.0.0.1", port).sslContext(tls.build()));
  }

  private Channel opened(NettyChannelBuilder builder) {
    ManagedChannel channel = builder.build();
    open.push(channel::shutdownNow);
    return channel;
  }

  private static ServingStatus check(Channel channel) {
    return HealthGrpc.newBlockingStub(channel)
        .withDeadlineAfter(20, TimeUnit.SECONDS)
        .check(HealthCheckRequest.getDefaultInstance())
        .getStatus();
  }

  private static Status.Code refusal(Channel channel) {
    return assertThrows(StatusRuntimeException.class, () -> check(channel)).getStatus().getCode();
  }

  @Test
  void clientsOnTcpShowACertificate() throws Exception {
    // Given
    Identity own = Identity.of(work, "daemon");
    Identity known = Identity.of(work, "known");
    Identity stranger = Identity.of(work, "stranger");
    // When
    int port = serve(false, tcp(own, known, "")).tcpPorts().getFirst();
    // Then
    assertEquals(ServingStatus.SERVING, check(connect(port, own, known)));
    assertEquals(Status.Code.UNAVAILABLE, refusal(connect(port, own, null)));
    assertEquals(Status.Code.UNAVAILABLE, refusal(connect(port, own, stranger)));
    assertEquals(
        Status.Code.UNAVAILABLE,
        refusal(opened(NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext())));
  }

  @Test
  void clientsMayHaveToHaveACertainName() throws Exception {
    Identity own = Identity.of(work, "daemon");
    Identity known = Identity.of(work, "known");
    ApiServer named = serve(false, tcp(own, known, "known"));
    assertEquals(ServingStatus.SERVING, check(connect(named.tcpPorts().getFirst(), own, known)));
    named.stop();
    ApiServer other = serve(false, tcp(own, known, "somebody"));
    assertEquals(
        Status.Code.UNAUTHENTICATED, refusal(connect(other.tcpPorts().getFirst(), own, known)));
  }

  @Test
  void tcpIsOffWithoutAddressAndRefusedWithoutCertificates() {
    assertEquals(List.of(), serve(false, GrpcTcpFactory.Config.DEFAULT).tcpPorts());
    for (String address : List.of("127.0.0.1:0", "127.0.0.1", "127.0.0.1:x", ":1", "a:70000")) {
      assertThrows(
          InvalidArgumentException.class, () -> new GrpcTcpFactory.Config(address, "", "", "", ""));
    }
    GrpcTcpFactory.Config six = new GrpcTcpFactory.Config("[::1]:7", "a", "b", "c", "");
    assertEquals("::1 7", six.host() + " " + six.port());
  }

  @Test
  void filesThatCannotBeReadEndTheStart() {
    UnavailableException failure =
        assertThrows(
            UnavailableException.class,
            () ->
                serve(
                    false,
                    new GrpcTcpFactory.Config("127.0.0.1:0", "/no/ca", "/no/crt", "/no/key", "")));
    assertTrue(failure.getMessage().startsWith("address 127.0.0.1:0: "), failure::getMessage);
  }

  @Test
  void streamsThatAStopEndsAreUnavailableAndNotCancelled() throws Exception {
    // Given
    ApiServer server = serve(false, null);
    Channel channel =
        opened(
            NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(work.resolve("s")))
                .channelType(NioDomainSocketChannel.class)
                .eventLoopGroup(loops)
                .usePlaintext());
    Iterator<HealthCheckResponse> statuses =
        HealthGrpc.newBlockingStub(channel)
            .withDeadlineAfter(20, TimeUnit.SECONDS)
            .watch(HealthCheckRequest.getDefaultInstance());
    assertEquals(ServingStatus.SERVING, statuses.next().getStatus());
    // When
    server.stop();
    // Then
    StatusRuntimeException end =
        assertThrows(StatusRuntimeException.class, () -> statuses.forEachRemaining(status -> {}));
    assertEquals(Status.Code.UNAVAILABLE, end.getStatus().getCode(), end::getMessage);
  }

  @Test
  void reflectionIsServedOnlyWhereItIsWanted() throws Exception {
    Identity own = Identity.of(work, "daemon");
    ApiServer open = serve(true, tcp(own, own, ""));
    ServerReflectionResponse answer = services(connect(open.tcpPorts().getFirst(), own, own));
    assertEquals("grpc.health.v1.Health", answer.getListServicesResponse().getService(0).getName());
    open.stop();
    ApiServer closed = serve(false, tcp(own, own, ""));
    ExecutionException refused =
        assertThrows(
            ExecutionException.class,
            () -> services(connect(closed.tcpPorts().getFirst(), own, own)));
    assertEquals(Status.Code.UNIMPLEMENTED, Status.fromThrowable(refused.getCause()).getCode());
  }

  private static ServerReflectionResponse services(Channel channel) throws Exception {
    CompletableFuture<ServerReflectionResponse> answer = new CompletableFuture<>();
    StreamObserver<ServerReflectionRequest> requests =
        ServerReflectionGrpc.newStub(channel)
            .serverReflectionInfo(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ServerReflectionResponse response) {
                    answer.complete(response);
                  }

                  @Override
                  public void onError(Throwable failure) {
                    answer.completeExceptionally(failure);
                  }

                  @Override
                  public void onCompleted() {}
                });
    requests.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
    ServerReflectionResponse response = answer.get(20, TimeUnit.SECONDS);
    requests.onCompleted();
    return response;
  }
}
