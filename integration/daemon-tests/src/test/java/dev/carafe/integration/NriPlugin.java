package dev.carafe.integration;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import dev.carafe.api.nri.v1alpha1.ConfigureRequest;
import dev.carafe.api.nri.v1alpha1.ConfigureResponse;
import dev.carafe.api.nri.v1alpha1.CreateContainerRequest;
import dev.carafe.api.nri.v1alpha1.CreateContainerResponse;
import dev.carafe.api.nri.v1alpha1.Empty;
import dev.carafe.api.nri.v1alpha1.PostCreateContainerRequest;
import dev.carafe.api.nri.v1alpha1.PostStartContainerRequest;
import dev.carafe.api.nri.v1alpha1.PostUpdateContainerRequest;
import dev.carafe.api.nri.v1alpha1.PostUpdatePodSandboxRequest;
import dev.carafe.api.nri.v1alpha1.RegisterPluginRequest;
import dev.carafe.api.nri.v1alpha1.RemoveContainerRequest;
import dev.carafe.api.nri.v1alpha1.RemovePodSandboxRequest;
import dev.carafe.api.nri.v1alpha1.RunPodSandboxRequest;
import dev.carafe.api.nri.v1alpha1.StartContainerRequest;
import dev.carafe.api.nri.v1alpha1.StopContainerRequest;
import dev.carafe.api.nri.v1alpha1.StopContainerResponse;
import dev.carafe.api.nri.v1alpha1.StopPodSandboxRequest;
import dev.carafe.api.nri.v1alpha1.SynchronizeRequest;
import dev.carafe.api.nri.v1alpha1.SynchronizeResponse;
import dev.carafe.api.nri.v1alpha1.UpdateContainerRequest;
import dev.carafe.api.nri.v1alpha1.UpdateContainerResponse;
import dev.carafe.api.nri.v1alpha1.UpdateContainersRequest;
import dev.carafe.api.nri.v1alpha1.UpdateContainersResponse;
import dev.carafe.api.nri.v1alpha1.UpdatePodSandboxRequest;
import dev.carafe.api.nri.v1alpha1.ValidateContainerAdjustmentRequest;
import dev.carafe.api.nri.v1alpha1.ValidateContainerAdjustmentResponse;
import dev.carafe.ttrpc.CallOptions;
import dev.carafe.ttrpc.TtrpcClient;
import dev.carafe.ttrpc.TtrpcServer;
import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.Pipe;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** A plugin of the Node Resource Interface that wants nothing unless a test says so. */
final class NriPlugin implements AutoCloseable {
  private static final String PLUGIN = "nri.pkg.api.v1alpha1.Plugin";
  private static final String RUNTIME = "nri.pkg.api.v1alpha1.Runtime";
  private static final CallOptions PATIENT = CallOptions.NONE.withTimeout(Duration.ofSeconds(60));

  private final SocketChannel socket;
  private final Leg plugin = new Leg(1);
  private final Leg runtime = new Leg(2);
  private final TtrpcClient client;
  private final List<String> events = new CopyOnWriteArrayList<>();
  private final Map<String, Function<MessageLite, MessageLite>> answers = new ConcurrentHashMap<>();
  private final CompletableFuture<SynchronizeRequest> present = new CompletableFuture<>();

  private NriPlugin(SocketChannel socket) throws IOException {
    this.socket = socket;
    this.client = TtrpcClient.over(runtime, "runtime");
  }

  static NriPlugin of(Lab lab, TestDaemon daemon) throws IOException {
    Path path = daemon.nriSocket();
    Await.until("NRI is served", () -> Files.exists(path));
    return lab.closeLater(new NriPlugin(SocketChannel.open(UnixDomainSocketAddress.of(path))));
  }

  @SuppressWarnings("unchecked") // Each method has one kind of request.
  <T extends MessageLite> NriPlugin on(String method, Function<T, MessageLite> answer) {
    answers.put(method, request -> answer.apply((T) request));
    return this;
  }

  /** Registers and waits until it was told what there is. */
  SynchronizeRequest join(String index, String name) throws Exception {
    TtrpcServer.Builder server = TtrpcServer.builder();
    add(server, "Configure", ConfigureRequest.parser(), ConfigureResponse.getDefaultInstance());
    server.unary(
        PLUGIN,
        "Synchronize",
        SynchronizeRequest.parser(),
        (_, request) -> {
          present.complete(request);
          return SynchronizeResponse.getDefaultInstance();
        });
    empty(server, "RunPodSandbox", RunPodSandboxRequest.parser());
    empty(server, "UpdatePodSandbox", UpdatePodSandboxRequest.parser());
    empty(server, "PostUpdatePodSandbox", PostUpdatePodSandboxRequest.parser());
    empty(server, "StopPodSandbox", StopPodSandboxRequest.parser());
    empty(server, "RemovePodSandbox", RemovePodSandboxRequest.parser());
    add(
        server,
        "CreateContainer",
        CreateContainerRequest.parser(),
        CreateContainerResponse.getDefaultInstance());
    empty(server, "PostCreateContainer", PostCreateContainerRequest.parser());
    empty(server, "StartContainer", StartContainerRequest.parser());
    empty(server, "PostStartContainer", PostStartContainerRequest.parser());
    add(
        server,
        "UpdateContainer",
        UpdateContainerRequest.parser(),
        UpdateContainerResponse.getDefaultInstance());
    empty(server, "PostUpdateContainer", PostUpdateContainerRequest.parser());
    add(
        server,
        "StopContainer",
        StopContainerRequest.parser(),
        StopContainerResponse.getDefaultInstance());
    empty(server, "RemoveContainer", RemoveContainerRequest.parser());
    add(
        server,
        "ValidateContainerAdjustment",
        ValidateContainerAdjustmentRequest.parser(),
        ValidateContainerAdjustmentResponse.getDefaultInstance());
    server.build().serve(plugin, "plugin");
    Thread.ofVirtual().name("nri plugin").start(this::read);
    Empty unused =
        client.call(
            RUNTIME,
            "RegisterPlugin",
            RegisterPluginRequest.newBuilder().setPluginIdx(index).setPluginName(name).build(),
            Empty.parser(),
            PATIENT);
    return present.get(60, TimeUnit.SECONDS);
  }

  private <T extends MessageLite> void empty(
      TtrpcServer.Builder server, String method, Parser<T> parser) {
    add(server, method, parser, Empty.getDefaultInstance());
  }

  private <T extends MessageLite> void add(
      TtrpcServer.Builder server, String method, Parser<T> parser, MessageLite otherwise) {
    server.unary(
        PLUGIN,
        method,
        parser,
        (_, request) -> {
          events.add(method);
          Function<MessageLite, MessageLite> answer = answers.get(method);
          return answer == null ? otherwise : answer.apply(request);
        });
  }

  UpdateContainersResponse update(UpdateContainersRequest request) throws InterruptedException {
    return client.call(
        RUNTIME, "UpdateContainers", request, UpdateContainersResponse.parser(), PATIENT);
  }

  /** Methods that were called, in their order. */
  List<String> events() {
    return List.copyOf(events);
  }

  boolean isCutOff() {
    return client.closed().isDone();
  }

  private void read() {
    try {
      while (true) {
        ByteBuffer header = fill(8);
        Leg leg = header.getInt() == 1 ? plugin : runtime;
        ByteBuffer payload = fill(header.getInt());
        while (payload.hasRemaining()) {
          leg.pipe.sink().write(payload);
        }
      }
    } catch (IOException _) {
      close();
    }
  }

  private ByteBuffer fill(int size) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(size);
    while (buffer.hasRemaining()) {
      if (socket.read(buffer) < 0) {
        throw new EOFException();
      }
    }
    return buffer.flip();
  }

  @Override
  public void close() {
    for (AutoCloseable one :
        List.of(socket, plugin.pipe.sink(), runtime.pipe.sink(), client, plugin, runtime)) {
      try {
        one.close();
      } catch (Exception _) {
        // It was closed before.
      }
    }
  }

  /** One of the two connections that share the socket. */
  private final class Leg implements ByteChannel {
    private final int id;
    private final Pipe pipe;

    Leg(int id) {
      this.id = id;
      try {
        this.pipe = Pipe.open();
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
      return pipe.source().read(into);
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
      int size = bytes.remaining();
      ByteBuffer frame = ByteBuffer.allocate(8 + size).putInt(id).putInt(size).put(bytes).flip();
      synchronized (NriPlugin.this) {
        while (frame.hasRemaining()) {
          socket.write(frame);
        }
      }
      return size;
    }

    @Override
    public boolean isOpen() {
      return pipe.source().isOpen();
    }

    @Override
    public void close() throws IOException {
      pipe.source().close();
    }
  }
}
