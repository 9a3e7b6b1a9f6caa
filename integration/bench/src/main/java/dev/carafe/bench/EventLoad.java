package dev.carafe.bench;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import dev.carafe.api.services.events.v1.EventsGrpc;
import dev.carafe.api.services.events.v1.PublishRequest;
import dev.carafe.api.services.events.v1.SubscribeRequest;
import dev.carafe.api.types.Envelope;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Publishes events that many subscribers get. */
final class EventLoad {
  private final Peer peer;
  private final int subscribers;
  private final int events;

  EventLoad(Peer peer, int subscribers, int events) {
    this.peer = peer;
    this.subscribers = subscribers;
    this.events = events;
  }

  void run() throws Exception {
    Channel channel = peer.fresh("events");
    var ready = new CountDownLatch(subscribers);
    var all = new CountDownLatch(subscribers * events);
    var publisher = EventsGrpc.newBlockingStub(channel);
    String filter = "namespace==" + peer.namespaceOf("events") + ",topic~=^/load/";
    for (int i = 0; i < subscribers; i++) {
      EventsGrpc.newStub(channel)
          .subscribe(
              SubscribeRequest.newBuilder().addFilters(filter).build(), new Counter(ready, all));
    }
    // A subscription is known to stand when an event has come through it.
    while (!ready.await(10, TimeUnit.MILLISECONDS)) {
      publisher.publish(event("/load/ready"));
    }
    peer.measure(
        "event-fan-out",
        () -> {
          for (int n = 0; n < events; n++) {
            publisher.publish(event("/load/measured"));
          }
          if (!all.await(2, TimeUnit.MINUTES)) {
            throw new IllegalStateException(all.getCount() + " events did not come");
          }
        });
  }

  private static PublishRequest event(String topic) {
    return PublishRequest.newBuilder()
        .setTopic(topic)
        .setEvent(
            Any.newBuilder()
                .setTypeUrl("containerd.events.TaskStart")
                .setValue(ByteString.copyFrom(new byte[] {0x0a, 1, 'c', 0x10, 1})))
        .build();
  }

  private static final class Counter implements StreamObserver<Envelope> {
    private final CountDownLatch ready;
    private final CountDownLatch all;
    private boolean stands;

    Counter(CountDownLatch ready, CountDownLatch all) {
      this.ready = ready;
      this.all = all;
    }

    @Override
    public void onNext(Envelope event) {
      if (event.getTopic().equals("/load/measured")) {
        all.countDown();
      } else if (!stands) {
        stands = true;
        ready.countDown();
      }
    }

    @Override
    public void onError(Throwable failure) {
      // The counts say it.
    }

    @Override
    public void onCompleted() {
      // The counts say it.
    }
  }
}
