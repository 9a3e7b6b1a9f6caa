package dev.carafe.services;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.Any;
import com.google.protobuf.Empty;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import dev.carafe.api.events.TaskExit;
import dev.carafe.api.events.TaskOOM;
import dev.carafe.api.services.events.ttrpc.v1.ForwardRequest;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.events.Subscription;
import dev.carafe.ttrpc.CallOptions;
import dev.carafe.ttrpc.StatusCode;
import dev.carafe.ttrpc.TtrpcClient;
import dev.carafe.ttrpc.TtrpcException;
import dev.carafe.ttrpc.TtrpcServer;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ShimEventsTest {
  @TempDir Path directory;
  private final List<Envelope> published = new CopyOnWriteArrayList<>();
  private TtrpcServer server;
  private TtrpcClient client;

  private final class Recorder implements EventBus {
    @Override
    public void publish(Envelope envelope) {
      published.add(envelope);
    }

    @Override
    public Subscription subscribe(Predicate<Envelope> filter, int capacity) {
      throw new AssertionError();
    }
  }

  @BeforeEach
  void connect() throws Exception {
    server = ShimEvents.server(new Recorder());
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    Path socket = directory.resolve("s");
    channel.bind(UnixDomainSocketAddress.of(socket));
    server.listen(channel);
    client = TtrpcClient.connect(socket, Duration.ofSeconds(5));
  }

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  private void forward(String namespace, String topic, Any event, boolean stamped)
      throws InterruptedException {
    dev.carafe.api.types.Envelope.Builder envelope =
        dev.carafe.api.types.Envelope.newBuilder()
            .setNamespace(namespace)
            .setTopic(topic)
            .setEvent(event);
    if (stamped) {
      envelope.setTimestamp(Timestamp.newBuilder().setSeconds(77));
    }
    client.call(
        "containerd.services.events.ttrpc.v1.Events",
        "Forward",
        ForwardRequest.newBuilder().setEnvelope(envelope).build(),
        Empty.parser(),
        CallOptions.NONE.withTimeout(Duration.ofSeconds(20)));
  }

  private static Any any(Message message) {
    return Anys.pack(message);
  }

  @Test
  void whatOnlyTheShimKnowsPasses() throws Exception {
    // When
    TaskOOM event = TaskOOM.newBuilder().setContainerId("c").build();
    forward("default", "/tasks/oom", any(event), true);

    // Then
    Envelope envelope = published.getFirst();
    assertEquals("/tasks/oom", envelope.topic());
    assertEquals("default", envelope.namespace());
    assertEquals(77, envelope.timestamp().getEpochSecond());
    Event.Foreign foreign = (Event.Foreign) envelope.event();
    assertEquals("containerd.events.TaskOOM", foreign.typeUrl());
    assertEquals(event, TaskOOM.parseFrom(foreign.value()));
  }

  @Test
  void whatTheEngineTellsIsNotToldTwice() throws Exception {
    TaskExit event = TaskExit.newBuilder().setContainerId("c").build();
    forward("default", "/tasks/exit", any(event), true);
    // A prefix does not help, nor another topic.
    Any prefixed =
        any(event).toBuilder().setTypeUrl("type.googleapis.com/containerd.events.TaskExit").build();
    forward("default", "/tasks/oom", prefixed, true);
    assertEquals(List.of(), published);
  }

  @Test
  void eventsOfOthersPass() throws Exception {
    forward("k8s.io", "/sandbox/thing", Any.newBuilder().setTypeUrl("my.Event").build(), true);
    assertEquals("/sandbox/thing", published.getFirst().topic());
  }

  @Test
  void mistakesAreRefused() {
    Any event = any(TaskOOM.getDefaultInstance());
    assertRefused(() -> forward("default", "/tasks/oom", event, false));
    assertRefused(() -> forward("not a namespace", "/tasks/oom", event, true));
    assertRefused(() -> forward("default", "no topic", event, true));
    assertEquals(List.of(), published);
  }

  private static void assertRefused(org.junit.jupiter.api.function.Executable call) {
    var failure = assertThrows(TtrpcException.class, call);
    assertEquals(StatusCode.INVALID_ARGUMENT, failure.code(), failure.getMessage());
  }
}
