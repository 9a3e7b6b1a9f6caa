package dev.carafe.plugin.sandbox.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import dev.carafe.api.services.sandbox.v1.ControllerGrpc;
import dev.carafe.api.services.sandbox.v1.ControllerMetricsRequest;
import dev.carafe.api.services.sandbox.v1.ControllerMetricsResponse;
import dev.carafe.api.services.sandbox.v1.ControllerStartRequest;
import dev.carafe.api.services.sandbox.v1.ControllerStartResponse;
import dev.carafe.api.services.sandbox.v1.ControllerStatusRequest;
import dev.carafe.api.services.sandbox.v1.ControllerStatusResponse;
import dev.carafe.api.services.sandbox.v1.ControllerStopRequest;
import dev.carafe.api.services.sandbox.v1.ControllerStopResponse;
import dev.carafe.api.services.sandbox.v1.ControllerWaitRequest;
import dev.carafe.api.services.sandbox.v1.ControllerWaitResponse;
import dev.carafe.api.types.Metric;
import dev.carafe.plugin.proxy.support.Peer;
import dev.carafe.plugin.proxy.testing.PeerServer;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.plugins.ProxyPeer;
import dev.carafe.spi.sandboxes.SandboxKey;
import dev.carafe.spi.sandboxes.SandboxStatus;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A process that answers with nonsense, with too much, not at all, or dies. */
@Timeout(60)
class HostilePeerTest {
  private static final SandboxKey KEY = new SandboxKey("testing", "one");
  private static final Timestamp NEVER = Timestamp.newBuilder().setSeconds(Long.MAX_VALUE).build();

  @TempDir Path directory;
  private final Hostile hostile = new Hostile();
  private PeerServer server;
  private ProxySandboxController controller;

  /** Answers every call alike: with a message, with an error, or never. */
  private static final class Hostile extends ControllerGrpc.ControllerImplBase {
    volatile Message answer = ControllerStatusResponse.getDefaultInstance();
    volatile Status error = Status.OK;
    volatile boolean silent;
    final CountDownLatch asked = new CountDownLatch(1);

    private <T> void answer(StreamObserver<T> observer, Class<T> type) {
      asked.countDown();
      if (silent) {
        return;
      }
      if (!error.isOk()) {
        observer.onError(error.asRuntimeException());
        return;
      }
      observer.onNext(type.cast(answer));
      observer.onCompleted();
    }

    @Override
    public void start(
        ControllerStartRequest request, StreamObserver<ControllerStartResponse> observer) {
      answer(observer, ControllerStartResponse.class);
    }

    @Override
    public void stop(
        ControllerStopRequest request, StreamObserver<ControllerStopResponse> observer) {
      answer(observer, ControllerStopResponse.class);
    }

    @Override
    public void wait(
        ControllerWaitRequest request, StreamObserver<ControllerWaitResponse> observer) {
      answer(observer, ControllerWaitResponse.class);
    }

    @Override
    public void status(
        ControllerStatusRequest request, StreamObserver<ControllerStatusResponse> observer) {
      answer(observer, ControllerStatusResponse.class);
    }

    @Override
    public void metrics(
        ControllerMetricsRequest request, StreamObserver<ControllerMetricsResponse> observer) {
      answer(observer, ControllerMetricsResponse.class);
    }
  }

  @BeforeEach
  void open() {
    Path socket = directory.resolve("s");
    server = PeerServer.start(socket, hostile);
    controller =
        new ProxySandboxController(
            Peer.open(new ProxyPeer("tested", "tested", socket, socket, Set.of(), "", "")));
  }

  @AfterEach
  void close() {
    controller.close();
    server.close();
  }

  private static Map<String, String> many() {
    Map<String, String> many = new HashMap<>();
    for (int i = 0; i < 2000; i++) {
      many.put("key" + i, "x");
    }
    return many;
  }

  @Test
  void statusesThatCannotBeRightAreFailuresThatNameThePeer() {
    for (ControllerStatusResponse nonsense :
        List.of(
            ControllerStatusResponse.newBuilder().setCreatedAt(NEVER).build(),
            ControllerStatusResponse.newBuilder().setExitedAt(NEVER).build(),
            ControllerStatusResponse.newBuilder().setVersion(-1).build(),
            ControllerStatusResponse.newBuilder().setState("x".repeat(5000)).build(),
            ControllerStatusResponse.newBuilder().setState("READY\nfine").build(),
            ControllerStatusResponse.newBuilder().setAddress("/a\0b").build(),
            ControllerStatusResponse.newBuilder().putAllInfo(many()).build())) {
      hostile.answer = nonsense;
      DaemonException failure =
          assertThrows(DaemonException.class, () -> controller.status(KEY, true));
      assertTrue(failure.getMessage().contains("tested"), failure::toString);
      assertTrue(failure.getMessage().length() < 1000, "it is bounded");
    }
  }

  @Test
  void startsThatCannotBeRightAreFailures() {
    for (ControllerStartResponse nonsense :
        List.of(
            ControllerStartResponse.newBuilder().setCreatedAt(NEVER).build(),
            ControllerStartResponse.newBuilder().setVersion(-1).build(),
            ControllerStartResponse.newBuilder().setAddress("x".repeat(5000)).build(),
            ControllerStartResponse.newBuilder().putAllLabels(many()).build())) {
      hostile.answer = nonsense;
      assertThrows(DaemonException.class, () -> controller.start(KEY));
    }
  }

  @Test
  void statisticsAndExitsWithTimesThatAreNoneAreFailures() {
    hostile.answer =
        ControllerMetricsResponse.newBuilder()
            .setMetrics(Metric.newBuilder().setTimestamp(NEVER))
            .build();
    assertThrows(DaemonException.class, () -> controller.metrics(KEY));
    hostile.answer = ControllerWaitResponse.newBuilder().setExitedAt(NEVER).build();
    assertThrows(DaemonException.class, () -> controller.await(KEY));
  }

  @Test
  void anAnswerWithNothingInItIsASandboxThatIsNotReady() {
    SandboxStatus status = controller.status(KEY, false);
    assertEquals("", status.state());
    assertEquals(0, status.pid());
  }

  @Test
  void anAnswerThatIsTooLargeIsAFailure() {
    hostile.answer =
        ControllerStatusResponse.newBuilder().putInfo("k", "x".repeat(17 << 20)).build();
    assertThrows(DaemonException.class, () -> controller.status(KEY, true));
    hostile.answer = ControllerStatusResponse.getDefaultInstance();
    assertEquals("", controller.status(KEY, true).state());
  }

  @Test
  void itsErrorsKeepTheirKindAndItsOwnFailuresAreNotTheDaemons() {
    hostile.error = Status.NOT_FOUND.withDescription("sandbox \"one\": not found");
    assertThrows(NotFoundException.class, () -> controller.status(KEY, false));
    for (Status error : List.of(Status.INTERNAL, Status.UNKNOWN, Status.UNAUTHENTICATED)) {
      hostile.error = error.withDescription("oh " + "no".repeat(10_000));
      DaemonException failure =
          assertThrows(DaemonException.class, () -> controller.status(KEY, false));
      assertTrue(failure.getMessage().length() < 10_000, "it is bounded");
    }
  }

  @Test
  void oneThatDoesNotAnswerObeysAnInterrupt() throws Exception {
    // Given
    hostile.silent = true;
    FutureTask<SandboxStatus> call = new FutureTask<>(() -> controller.status(KEY, false));
    Thread caller = Thread.ofVirtual().start(call);
    assertTrue(hostile.asked.await(20, TimeUnit.SECONDS));

    // When
    caller.interrupt();

    // Then
    ExecutionException failure =
        assertThrows(ExecutionException.class, () -> call.get(20, TimeUnit.SECONDS));
    assertTrue(failure.getCause() instanceof CancelledException, failure::toString);
  }

  @Test
  void aWaitThatIsInterruptedSaysSo() throws Exception {
    // Given
    hostile.silent = true;
    CompletableFuture<Throwable> ended = new CompletableFuture<>();
    Thread waiter =
        Thread.ofVirtual()
            .start(() -> {
              try {
                controller.await(KEY);
              } catch (Throwable e) {
                ended.complete(e);
              }
            });
    assertTrue(hostile.asked.await(20, TimeUnit.SECONDS));

    // When
    waiter.interrupt();

    // Then
    assertTrue(ended.get(20, TimeUnit.SECONDS) instanceof InterruptedException);
  }

  @Test
  void oneThatDiesInACallFailsTheCallAndAllThatFollow() throws Exception {
    // Given
    hostile.silent = true;
    FutureTask<Boolean> call =
        new FutureTask<>(() -> {
          controller.stop(KEY, Duration.ofSeconds(1));
          return true;
        });
    Thread.ofVirtual().start(call);
    assertTrue(hostile.asked.await(20, TimeUnit.SECONDS));

    // When
    server.close();

    // Then
    ExecutionException failure =
        assertThrows(ExecutionException.class, () -> call.get(20, TimeUnit.SECONDS));
    assertTrue(failure.getCause() instanceof DaemonException, failure::toString);
    assertThrows(UnavailableException.class, () -> controller.status(KEY, false));
  }
}
