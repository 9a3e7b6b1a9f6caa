package dev.carafe.plugin.runtime.shim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.MessageLite;
import dev.carafe.api.runtime.bootstrap.v1.BootstrapParams;
import dev.carafe.api.runtime.bootstrap.v1.BootstrapResult;
import dev.carafe.api.task.v3.ConnectRequest;
import dev.carafe.api.task.v3.CreateTaskRequest;
import dev.carafe.api.task.v3.DeleteRequest;
import dev.carafe.api.task.v3.KillRequest;
import dev.carafe.api.task.v3.ShutdownRequest;
import dev.carafe.api.task.v3.StartRequest;
import dev.carafe.api.task.v3.StateRequest;
import dev.carafe.api.task.v3.WaitRequest;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnknownException;
import dev.carafe.spi.runtimes.CreateTask;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.testkit.runtimes.RuntimeSandbox;
import dev.carafe.ttrpc.TtrpcServer;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.lite.ProtoLiteUtils;
import io.grpc.stub.ServerCalls;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Programs that say they are shims. */
@Timeout(60)
class FakeShimTest {
  private static final Map<String, MessageLite> METHODS =
      Map.of(
          "Create", CreateTaskRequest.getDefaultInstance(),
          "Start", StartRequest.getDefaultInstance(),
          "State", StateRequest.getDefaultInstance(),
          "Kill", KillRequest.getDefaultInstance(),
          "Wait", WaitRequest.getDefaultInstance(),
          "Delete", DeleteRequest.getDefaultInstance(),
          "Shutdown", ShutdownRequest.getDefaultInstance(),
          "Connect", ConnectRequest.getDefaultInstance());

  private RuntimeSandbox sandbox;
  private ShimRuntime runtime;

  @BeforeEach
  void open() throws Exception {
    // What is bound at first use keeps descriptors of its own.
    new ShimRuntime(config(Duration.ofSeconds(1)), Path.of("/nowhere")).close();
    new GrpcShim(new Bootstrap(3, "unix:///nowhere", Bootstrap.GRPC), "test").close();
    sandbox = new RuntimeSandbox();
    runtime = new ShimRuntime(config(Duration.ofSeconds(5)), sandbox.directory().resolve("work"));
  }

  @AfterEach
  void close() throws Exception {
    runtime.close();
    sandbox.close();
  }

  private static ShimRuntimeConfig config(Duration limit) {
    ShimRuntimeConfig d = TestShims.config();
    return new ShimRuntimeConfig(
        d.directories(),
        d.address(),
        d.publishBinary(),
        "",
        List.of("FAKE=yes"),
        true,
        limit,
        limit,
        limit,
        limit,
        limit,
        limit,
        limit,
        limit);
  }

  private CreateTask request(String script, Map<String, Object> more) throws Exception {
    var values = new java.util.HashMap<String, Object>(more);
    values.put(ShimOptions.SHIM, FakeShim.program(sandbox.directory(), script).toString());
    return sandbox.request(
        "a", Stdio.NONE, new RuntimeOptions(values), spec -> {}, "sleep", "1000");
  }

  private <T extends Throwable> T refused(Class<T> type, String script) throws Exception {
    CreateTask request = request(script, Map.of());
    T failure = assertThrows(type, () -> runtime.create(request));
    runtime.discard(request.location());
    return failure;
  }

  @Test
  void whatIsPrintedIsNoAddress() throws Exception {
    refused(InvalidArgumentException.class, "[ $# -gt 0 ] && echo hello world");
    refused(InvalidArgumentException.class, "head -c 100000 /dev/zero");
    refused(InvalidArgumentException.class, "yes | head -c 3000000");
    refused(InvalidArgumentException.class, "echo unix://@abstract");
    refused(InvalidArgumentException.class, "true");
  }

  @Test
  void itsOwnWordsAreTold() throws Exception {
    var failure = refused(UnknownException.class, "echo 'no kernel image' >&2; exit 3");
    assertEquals("no kernel image", failure.getMessage());
  }

  @Test
  void oneThatHangsIsEndedInTime() throws Exception {
    runtime.close();
    runtime = new ShimRuntime(config(Duration.ofSeconds(1)), sandbox.directory().resolve("hasty"));
    var failure = refused(DeadlineExceededException.class, "exec sleep 1000");
    assertTrue(failure.getMessage().contains("did not end within 1000 ms"), failure.getMessage());
  }

  @Test
  void whoeverKeepsItsOutputOpenHoldsUpNothing() throws Exception {
    // Given a program that leaves a process with its output behind
    CreateTask request = request("sleep 1000 & echo unix:///no/such/socket", Map.of());

    // When
    assertThrows(FailedPreconditionException.class, () -> runtime.create(request));

    // Then it is found and ended
    runtime.discard(request.location());
    assertEquals(
        0, dev.carafe.testkit.runtimes.TaggedProcess.of(request.location().bundle()).size());
  }

  @Test
  void nobodyListens() throws Exception {
    refused(FailedPreconditionException.class, "echo unix:///no/such/socket");
  }

  @Test
  void whatItIsTold() throws Exception {
    // Given
    Path seen = sandbox.directory().resolve("seen");
    String script = "{ echo \"$@\"; env; pwd; } > " + seen + "; echo seen >&2; exit 1";

    // When
    CreateTask request = request(script, Map.of());
    assertThrows(UnknownException.class, () -> runtime.create(request));

    // Then
    String text = Files.readString(seen);
    String bundle = request.location().bundle().toString();
    assertTrue(
        text.startsWith(
            "-namespace test -address "
                + EventListener.ADDRESS
                + " -publish-binary /bin/true -id a -debug start\n"),
        text);
    for (String line :
        List.of(
            "TTRPC_ADDRESS=" + EventListener.ADDRESS + ".ttrpc",
            "GRPC_ADDRESS=" + EventListener.ADDRESS,
            "NAMESPACE=test",
            "MAX_SHIM_VERSION=2",
            "FAKE=yes",
            "CARAFE_BUNDLE=" + bundle)) {
      assertTrue(text.contains("\n" + line + "\n"), line + " in " + text);
    }
    assertTrue(text.endsWith("\n" + bundle + "\n"), text);
    runtime.discard(request.location());
  }

  @Test
  void aPeerThatTalksNonsense() throws Exception {
    Path socket = sandbox.directory().resolve("s");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket));
      Thread.ofVirtual()
          .start(() -> {
            try {
              while (true) {
                try (var client = server.accept()) {
                  client.write(StandardCharsets.UTF_8.encode("220 mail.example.org ESMTP\r\n"));
                  client.read(java.nio.ByteBuffer.allocate(10));
                }
              }
            } catch (java.io.IOException _) {
              // The test is over.
            }
          });
      refused(FailedPreconditionException.class, "echo unix://" + socket);
    }
  }

  private TtrpcServer ttrpc(FakeShim shim, Path socket, int version) throws Exception {
    TtrpcServer.Builder builder = TtrpcServer.builder();
    METHODS.forEach((name, argument) ->
        builder.unary(
            "containerd.task.v" + version + ".Task",
            name,
            argument.getParserForType(),
            (call, request) -> shim.answer(request)));
    TtrpcServer server = builder.build();
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    channel.bind(UnixDomainSocketAddress.of(socket));
    server.listen(channel);
    return server;
  }

  /** From creation to deletion. */
  private void live(FakeShim shim, String script) throws Exception {
    CreateTask request = request(script, Map.of("root", "/some/where"));
    RuntimeState state = runtime.create(request);
    assertEquals(new ProcessStatus.Created(FakeShim.PID), runtime.status(state, ProcessId.INIT));
    state = runtime.start(state, ProcessId.INIT);
    assertInstanceOf(ProcessStatus.Running.class, runtime.status(state, ProcessId.INIT));
    runtime.kill(state, ProcessId.INIT, 9, false);
    assertEquals(9, RuntimeSandbox.await(runtime, state, ProcessId.INIT).code());
    assertEquals(9, runtime.delete(state, ProcessId.INIT).exit().code());
    CreateTaskRequest created = shim.created;
    assertNotNull(created);
    assertEquals("containerd.runc.v1.Options", created.getOptions().getTypeUrl());
    assertEquals(request.location().bundle().toString(), created.getBundle());
    assertEquals("overlay", created.getRootfs(0).getType());
  }

  @Test
  void aTaskInASandboxIsRunByTheSandboxsShimAndDoesNotEndIt() throws Exception {
    // Given
    var shim = new FakeShim();
    Path socket = sandbox.directory().resolve("s");
    Map<String, Object> borrowed =
        Map.of("task_api_address", "ttrpc+unix://" + socket, "task_api_version", 3L);
    try (TtrpcServer server = ttrpc(shim, socket, 3)) {
      // When
      RuntimeState state =
          runtime.create(request("echo a shim must not be started >&2; exit 1", borrowed));
      state = runtime.start(state, ProcessId.INIT);
      runtime.kill(state, ProcessId.INIT, 9, false);
      assertEquals(9, RuntimeSandbox.await(runtime, state, ProcessId.INIT).code());
      runtime.delete(state, ProcessId.INIT);

      // Then
      assertNotNull(shim.created);
      assertFalse(shim.shutDown);
    }
  }

  @Test
  void aCreationThatFailsDoesNotEndTheSandboxsShim() throws Exception {
    // Given
    var shim = new FakeShim();
    Path socket = sandbox.directory().resolve("s");
    try (TtrpcServer server = ttrpc(shim, socket, 3)) {
      CreateTask request =
          request(
              "exit 0",
              Map.of("task_api_address", "ttrpc+unix://" + socket, "task_api_version", 3L));
      runtime.create(request);

      // When
      runtime.discard(request.location());

      // Then
      assertFalse(shim.shutDown);
    }
  }

  @Test
  void oneThatAnswersNonsenseLaterFailsItsOwnCallsInTime() throws Exception {
    // Given
    Path behind = sandbox.directory().resolve("behind");
    Path front = sandbox.directory().resolve("front");
    Path healthy = sandbox.directory().resolve("healthy");
    Path programs = Files.createDirectory(sandbox.directory().resolve("programs"));
    try (TtrpcServer _ = ttrpc(new FakeShim(), behind, 2);
        TtrpcServer _ = ttrpc(new FakeShim(), healthy, 2);
        var garbling = new GarblingSocket(front, behind)) {
      CreateTask bad = request("echo unix://" + front, Map.of());
      RuntimeState broken = runtime.start(runtime.create(bad), ProcessId.INIT);
      Path other = FakeShim.program(programs, "echo unix://" + healthy);
      CreateTask good =
          sandbox.request(
              "b",
              Stdio.NONE,
              new RuntimeOptions(Map.of(ShimOptions.SHIM, other.toString())),
              spec -> {},
              "sleep",
              "1000");
      RuntimeState well = runtime.start(runtime.create(good), ProcessId.INIT);

      // When
      garbling.garble();

      // Then
      assertThrows(DaemonException.class, () -> runtime.kill(broken, ProcessId.INIT, 15, false));
      assertInstanceOf(ProcessStatus.Unknown.class, runtime.status(broken, ProcessId.INIT));
      assertInstanceOf(ProcessStatus.Running.class, runtime.status(well, ProcessId.INIT));
      runtime.kill(well, ProcessId.INIT, 9, false);
      assertEquals(9, runtime.delete(well, ProcessId.INIT).exit().code());
      runtime.discard(bad.location());
    }
  }

  @Test
  void versionTwoByABareAddress() throws Exception {
    Path socket = sandbox.directory().resolve("s");
    FakeShim shim = new FakeShim();
    try (TtrpcServer server = ttrpc(shim, socket, 2)) {
      live(shim, "echo unix://" + socket);
    }
  }

  @Test
  void versionThreeByProtobufBothWays() throws Exception {
    // Given a shim of containerd 2.3, which refuses what it was not told by parameters
    Path socket = sandbox.directory().resolve("s");
    Path answer = sandbox.directory().resolve("answer");
    Path input = sandbox.directory().resolve("input");
    Files.write(
        answer,
        BootstrapResult.newBuilder()
            .setVersion(3)
            .setAddress("unix://" + socket)
            .setProtocol("ttrpc")
            .build()
            .toByteArray());
    FakeShim shim = new FakeShim();
    try (TtrpcServer server = ttrpc(shim, socket, 3)) {
      // When
      live(
          shim,
          "cat > "
              + input
              + "; grep -q runc.v1 "
              + input
              + " || exit 9; grep -q carafe.sock.ttrpc "
              + input
              + " || { echo 'bootstrap parameters expected' >&2; exit 1; }; cat "
              + answer);
    }

    // Then
    BootstrapParams parameters = BootstrapParams.parseFrom(Files.readAllBytes(input));
    assertEquals("a", parameters.getInstanceId());
    assertEquals("test", parameters.getNamespace());
    assertEquals(EventListener.ADDRESS, parameters.getContainerdGrpcAddress());
    assertEquals("containerd.runc.v1.Options", parameters.getExtensions(0).getValue().getTypeUrl());
  }

  @Test
  void grpc() throws Exception {
    // Given
    Path socket = sandbox.directory().resolve("s");
    FakeShim shim = new FakeShim();
    ServerServiceDefinition.Builder service =
        ServerServiceDefinition.builder("containerd.task.v3.Task");
    METHODS.forEach((name, argument) -> service.addMethod(method(name, argument), handler(shim)));
    EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    Server server =
        NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket))
            .channelType(NioServerDomainSocketChannel.class)
            .bossEventLoopGroup(loops)
            .workerEventLoopGroup(loops)
            .addService(service.build())
            .build()
            .start();
    try {
      // Then
      live(
          shim,
          "echo '{\"version\":3,\"protocol\":\"grpc\",\"address\":\"unix://" + socket + "\"}'");
    } finally {
      server.shutdownNow();
      assertTrue(server.awaitTermination(10, TimeUnit.SECONDS));
      loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).await(10, TimeUnit.SECONDS);
    }
  }

  private static MethodDescriptor<MessageLite, MessageLite> method(
      String name, MessageLite argument) {
    return MethodDescriptor.<MessageLite, MessageLite>newBuilder()
        .setType(MethodDescriptor.MethodType.UNARY)
        .setFullMethodName("containerd.task.v3.Task/" + name)
        .setRequestMarshaller(ProtoLiteUtils.marshaller(argument))
        .setResponseMarshaller(ProtoLiteUtils.marshaller(argument))
        .build();
  }

  private static io.grpc.ServerCallHandler<MessageLite, MessageLite> handler(FakeShim shim) {
    return ServerCalls.asyncUnaryCall((request, observer) -> {
      try {
        observer.onNext(shim.answer(request));
        observer.onCompleted();
      } catch (InterruptedException e) {
        observer.onError(e);
      }
    });
  }
}
