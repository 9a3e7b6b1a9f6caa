package dev.carafe.services;

import static dev.carafe.services.Wire.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.Any;
import com.google.protobuf.Timestamp;
import dev.carafe.api.events.TaskExit;
import dev.carafe.api.services.events.v1.EventsGrpc;
import dev.carafe.api.services.events.v1.EventsGrpc.EventsBlockingStub;
import dev.carafe.api.services.events.v1.ForwardRequest;
import dev.carafe.api.services.events.v1.PublishRequest;
import dev.carafe.api.services.events.v1.SubscribeRequest;
import dev.carafe.api.types.Envelope;
import dev.carafe.spi.events.Event;
import io.grpc.Context;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class EventsServiceTest extends ServiceTest {
  private EventsBlockingStub events;

  @Override
  void connect() {
    events = EventsGrpc.newBlockingStub(wire.channel());
  }

  private void publish(String topic, Any event) {
    events.publish(PublishRequest.newBuilder().setTopic(topic).setEvent(event).build());
  }

  private static Any exit(String id, int status) {
    return Anys.pack(TaskExit.newBuilder().setContainerId(id).setExitStatus(status).build());
  }

  /** What a subscriber with these filters gets until the marker event comes. */
  private List<String> seen(Runnable publishing, String... filters) throws Exception {
    Context.CancellableContext context = Context.current().withCancellation();
    try {
      return context.call(() -> {
        List<String> filtersAndMarker = new ArrayList<>(List.of(filters));
        filtersAndMarker.add("topic==/marker");
        Iterator<Envelope> subscribed =
            EventsGrpc.newBlockingStub(wire.bare())
                .subscribe(SubscribeRequest.newBuilder().addAllFilters(filtersAndMarker).build());
        // Subscribed once the first marker arrives.
        Thread marking =
            Thread.ofVirtual()
                .start(() -> {
                  try {
                    while (!Thread.currentThread().isInterrupted()) {
                      publish("/marker", exit("start", 0));
                      LockSupport.parkNanos(1_000_000);
                    }
                  } catch (StatusRuntimeException e) {
                    // Seen.
                  }
                });
        subscribed.next();
        marking.interrupt();
        marking.join();
        publishing.run();
        publish("/marker", exit("end", 0));
        List<String> topics = new ArrayList<>();
        while (true) {
          Envelope next = subscribed.next();
          if (!next.getTopic().equals("/marker")) {
            topics.add(next.getNamespace() + " " + next.getTopic());
          } else if (next.getEvent().equals(exit("end", 0))) {
            return topics;
          }
        }
      });
    } finally {
      context.cancel(null);
    }
  }

  @Test
  void topicsAreChecked() {
    for (String topic : List.of("", "a", "/", "/a/", "//a", "/a b", "/ä", "/" + "a".repeat(2000))) {
      refused(Code.INVALID_ARGUMENT, () -> publish(topic, Records.ODD));
    }
    publish("/a/b.c-d_e", Records.ODD);
    assertEquals(List.of("/a/b.c-d_e"), wire.published().stream().map(Event::topic).toList());
    refused(
        Code.FAILED_PRECONDITION,
        "namespace is required",
        () ->
            EventsGrpc.newBlockingStub(wire.bare())
                .publish(PublishRequest.newBuilder().setTopic("/a").build()));
  }

  @Test
  void forwardedEventsCarryTheirOwnOrigin() {
    Envelope whole =
        Envelope.newBuilder()
            .setNamespace("elsewhere")
            .setTopic("/a")
            .setTimestamp(Timestamp.newBuilder().setSeconds(5))
            .setEvent(Records.ODD)
            .build();
    forward(whole);
    for (Envelope bad :
        List.of(
            whole.toBuilder().clearNamespace().build(),
            whole.toBuilder().setNamespace("a b").build(),
            whole.toBuilder().clearTimestamp().build(),
            whole.toBuilder().clearTopic().build())) {
      refused(Code.INVALID_ARGUMENT, () -> forward(bad));
    }
  }

  private void forward(Envelope envelope) {
    EventsGrpc.newBlockingStub(wire.bare())
        .forward(ForwardRequest.newBuilder().setEnvelope(envelope).build());
  }

  @Test
  void subscribersChooseByNamespaceTopicAndFields() throws Exception {
    Runnable publishing =
        () -> {
          publish("/tasks/exit", exit("one", 3));
          publish("/tasks/exit", exit("two", 0));
          publish("/odd", Records.ODD);
          wire.events.publish(
              new dev.carafe.spi.events.Envelope(
                  Instant.EPOCH,
                  "other",
                  "/sandboxes/exit",
                  new Event.SandboxExited("s", 7, Instant.EPOCH)));
          wire.events.publish(
              new dev.carafe.spi.events.Envelope(
                  Instant.EPOCH,
                  "other",
                  "/images/create",
                  new Event.ImageCreated("i", Map.of("k.e/y", "v"))));
        };
    String all =
        "[testing /tasks/exit, testing /tasks/exit, testing /odd, other /sandboxes/exit,"
            + " other /images/create]";
    assertEquals(all, seen(publishing, "topic!=/marker").toString());
    assertEquals(List.of("testing /tasks/exit"), seen(publishing, "event.container_id==one"));
    assertEquals(List.of("testing /tasks/exit"), seen(publishing, "event.exit_status==3"));
    assertEquals(List.of("testing /odd"), seen(publishing, "namespace==testing,topic~=/^.odd/"));
    assertEquals(List.of("other /sandboxes/exit"), seen(publishing, "event.sandbox_id==s"));
    assertEquals(List.of("other /sandboxes/exit"), seen(publishing, "event.exit_status==7"));
    assertEquals(List.of("other /images/create"), seen(publishing, "event.labels.\"k.e/y\"==v"));
    assertEquals(
        List.of("testing /odd", "other /images/create"),
        seen(publishing, "topic==/odd", "event.name==i"));
  }

  @Test
  void eventsHaveBareTypeNamesAndKeepTheirBytes() throws Exception {
    Context.CancellableContext context = Context.current().withCancellation();
    context.run(() -> {
      Iterator<Envelope> subscribed =
          EventsGrpc.newBlockingStub(wire.bare())
              .subscribe(SubscribeRequest.newBuilder().addFilters("topic==/images/delete").build());
      Thread deleting =
          Thread.ofVirtual()
              .start(() -> {
                while (!Thread.currentThread().isInterrupted()) {
                  wire.events.publish(
                      new dev.carafe.spi.events.Envelope(
                          Instant.EPOCH, "n", "/images/delete", new Event.ImageDeleted("i")));
                  LockSupport.parkNanos(1_000_000);
                }
              });
      assertEquals(
          "containerd.services.images.v1.ImageDelete", subscribed.next().getEvent().getTypeUrl());
      deleting.interrupt();
    });
    context.cancel(null);
  }

  @Test
  void badFilterIsRefused() {
    refused(
        Code.INVALID_ARGUMENT,
        () ->
            events.subscribe(SubscribeRequest.newBuilder().addFilters("topic=").build()).hasNext());
  }
}
