package dev.carafe.cri;

import dev.carafe.api.cri.v1.ContainerEventResponse;
import dev.carafe.spi.errors.ResourceExhaustedException;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;

/** What happens to pods and containers, for kubelets that subscribe (evented PLEG). */
final class ContainerEvents {
  private static final int CAPACITY = 1000;

  private final Set<Subscription> subscriptions = ConcurrentHashMap.newKeySet();

  /** One subscriber's queue; one that is too slow loses its subscription. */
  final class Subscription implements AutoCloseable {
    private final BlockingQueue<ContainerEventResponse> queue = new LinkedBlockingQueue<>(CAPACITY);
    private volatile boolean overflown;

    ContainerEventResponse next() throws InterruptedException {
      if (overflown && queue.isEmpty()) {
        throw new ResourceExhaustedException("container events: the subscriber is too slow");
      }
      return queue.take();
    }

    private void offer(ContainerEventResponse event) {
      if (!queue.offer(event)) {
        overflown = true;
        close();
      }
    }

    @Override
    public void close() {
      subscriptions.remove(this);
    }
  }

  Subscription subscribe() {
    var subscription = new Subscription();
    subscriptions.add(subscription);
    return subscription;
  }

  void publish(ContainerEventResponse event) {
    subscriptions.forEach(subscription -> subscription.offer(event));
  }
}
