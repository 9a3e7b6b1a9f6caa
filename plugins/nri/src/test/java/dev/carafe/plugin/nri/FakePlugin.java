package dev.carafe.plugin.nri;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import dev.carafe.api.nri.v1alpha1.ConfigureRequest;
import dev.carafe.api.nri.v1alpha1.ConfigureResponse;
import dev.carafe.api.nri.v1alpha1.CreateContainerRequest;
import dev.carafe.api.nri.v1alpha1.CreateContainerResponse;
import dev.carafe.api.nri.v1alpha1.Empty;
import dev.carafe.api.nri.v1alpha1.PostCreateContainerRequest;
import dev.carafe.api.nri.v1alpha1.RegisterPluginRequest;
import dev.carafe.api.nri.v1alpha1.RemovePodSandboxRequest;
import dev.carafe.api.nri.v1alpha1.RunPodSandboxRequest;
import dev.carafe.api.nri.v1alpha1.StateChangeEvent;
import dev.carafe.api.nri.v1alpha1.StopContainerRequest;
import dev.carafe.api.nri.v1alpha1.StopContainerResponse;
import dev.carafe.api.nri.v1alpha1.StopPodSandboxRequest;
import dev.carafe.api.nri.v1alpha1.SynchronizeRequest;
import dev.carafe.api.nri.v1alpha1.SynchronizeResponse;
import dev.carafe.api.nri.v1alpha1.UpdateContainerRequest;
import dev.carafe.api.nri.v1alpha1.UpdateContainerResponse;
import dev.carafe.api.nri.v1alpha1.UpdateContainersRequest;
import dev.carafe.api.nri.v1alpha1.UpdateContainersResponse;
import dev.carafe.api.nri.v1alpha1.ValidateContainerAdjustmentRequest;
import dev.carafe.api.nri.v1alpha1.ValidateContainerAdjustmentResponse;
import dev.carafe.ttrpc.CallOptions;
import dev.carafe.ttrpc.TtrpcClient;
import dev.carafe.ttrpc.TtrpcServer;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** An NRI plugin that answers as the test says, and with nothing where it says nothing. */
final class FakePlugin implements AutoCloseable {
  private static final String PLUGIN = "nri.pkg.api.v1alpha1.Plugin";
  private static final String RUNTIME = "nri.pkg.api.v1alpha1.Runtime";
  private static final CallOptions PATIENT = CallOptions.NONE.withTimeout(Duration.ofSeconds(30));

  private final Mux mux;
  private final Map<String, Answer<MessageLite>> answers = new HashMap<>();
  private final List<String> calls = new CopyOnWriteArrayList<>();
  private final CompletableFuture<ConfigureRequest> configured = new CompletableFuture<>();
  private final CountDownLatch synchronizedOnce = new CountDownLatch(1);
  private int events;
  private TtrpcClient runtime;

  /** What it does when it is asked. */
  interface Answer<T extends MessageLite> {
    MessageLite to(T request) throws Exception;
  }

  private FakePlugin(SocketChannel channel) {
    this.mux = new Mux(channel);
    this.runtime = TtrpcClient.over(mux.runtime(), "runtime");
  }

  static FakePlugin at(Path socket) throws IOException {
    return new FakePlugin(SocketChannel.open(UnixDomainSocketAddress.of(socket)));
  }

  /** Subscribes to these events only. */
  FakePlugin events(int mask) {
    events = mask;
    return this;
  }

  @SuppressWarnings("unchecked") // Each method has one kind of request.
  <T extends MessageLite> FakePlugin on(String method, Answer<T> answer) {
    answers.put(method, (Answer<MessageLite>) answer);
    return this;
  }

  /** Begins to speak, without saying who it is. */
  FakePlugin start(String... missing) {
    TtrpcServer.Builder server = TtrpcServer.builder();
    method(
        server,
        missing,
        "Configure",
        ConfigureRequest.parser(),
        request -> {
          configured.complete(request);
          return ConfigureResponse.newBuilder().setEvents(events).build();
        });
    method(
        server,
        missing,
        "Synchronize",
        SynchronizeRequest.parser(),
        request -> {
          synchronizedOnce.countDown();
          return SynchronizeResponse.newBuilder().setMore(request.getMore()).build();
        });
    method(
        server,
        missing,
        "CreateContainer",
        CreateContainerRequest.parser(),
        _ -> CreateContainerResponse.getDefaultInstance());
    method(
        server,
        missing,
        "UpdateContainer",
        UpdateContainerRequest.parser(),
        _ -> UpdateContainerResponse.getDefaultInstance());
    method(
        server,
        missing,
        "StopContainer",
        StopContainerRequest.parser(),
        _ -> StopContainerResponse.getDefaultInstance());
    method(
        server,
        missing,
        "ValidateContainerAdjustment",
        ValidateContainerAdjustmentRequest.parser(),
        _ -> ValidateContainerAdjustmentResponse.getDefaultInstance());
    empty(server, missing, "RunPodSandbox", RunPodSandboxRequest.parser());
    empty(server, missing, "StopPodSandbox", StopPodSandboxRequest.parser());
    empty(server, missing, "RemovePodSandbox", RemovePodSandboxRequest.parser());
    empty(server, missing, "PostCreateContainer", PostCreateContainerRequest.parser());
    empty(server, missing, "StateChange", StateChangeEvent.parser());
    server.build().serve(mux.plugin(), "plugin");
    mux.start();
    return this;
  }

  private <T extends MessageLite> void empty(
      TtrpcServer.Builder server, String[] missing, String method, Parser<T> parser) {
    method(server, missing, method, parser, _ -> Empty.getDefaultInstance());
  }

  private <T extends MessageLite> void method(
      TtrpcServer.Builder server,
      String[] missing,
      String method,
      Parser<T> parser,
      Answer<T> otherwise) {
    if (List.of(missing).contains(method)) {
      return;
    }
    server.unary(
        PLUGIN,
        method,
        parser,
        (_, request) -> {
          calls.add(method);
          Answer<MessageLite> answer = answers.get(method);
          return answer == null ? otherwise.to(request) : answer.to(request);
        });
  }

  /** Says who it is. */
  FakePlugin register(String index, String name) throws InterruptedException {
    Empty unused =
        runtime.call(
            RUNTIME,
            "RegisterPlugin",
            RegisterPluginRequest.newBuilder()
                .setPluginIdx(index)
                .setPluginName(name)
                .setNRIVersion("v0.12.2")
                .build(),
            Empty.parser(),
            PATIENT);
    return this;
  }

  UpdateContainersResponse update(UpdateContainersRequest request) throws InterruptedException {
    return runtime.call(
        RUNTIME, "UpdateContainers", request, UpdateContainersResponse.parser(), PATIENT);
  }

  ConfigureRequest configuration() throws Exception {
    return configured.get(30, TimeUnit.SECONDS);
  }

  void awaitSynchronized() throws InterruptedException {
    if (!synchronizedOnce.await(30, TimeUnit.SECONDS)) {
      throw new AssertionError("was never told what there is");
    }
  }

  /** The names of the methods that were called. */
  List<String> calls() {
    return List.copyOf(calls);
  }

  long count(String method) {
    return calls.stream().filter(method::equals).count();
  }

  boolean isCutOff() {
    return runtime.closed().isDone();
  }

  @Override
  public void close() {
    mux.close();
  }
}
