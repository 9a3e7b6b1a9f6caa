package dev.carafe.metadata;

import dev.carafe.engine.stores.Lease;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.metadata.WritableBucket;
import dev.carafe.spi.metadata.WriteTransaction;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** A write transaction and what is to follow from it. For the thread of the update only. */
final class Change {
  private final WriteTransaction tx;
  private final @Nullable Queue<Node> touched;
  private final Instant now;
  private final List<Envelope> events = new ArrayList<>();
  private final List<BackendGarbage.Item> garbage = new ArrayList<>();
  private boolean deletion;

  Change(WriteTransaction tx, @Nullable Queue<Node> touched, Instant now) {
    this.tx = tx;
    this.touched = touched;
    this.now = now;
  }

  WriteTransaction tx() {
    return tx;
  }

  /** One time for everything that changes together. */
  Instant now() {
    return now;
  }

  /**
   * Says that an object was created, or gained a holder, or holds something else than before. A
   * collection that is under way spares it with all that it holds.
   */
  void touch(Node node) {
    if (touched != null) {
      touched.add(node);
    }
  }

  /** Says that something may have become garbage. */
  void deletes() {
    deletion = true;
  }

  /** Says that something in a back end may have become garbage. */
  void discards(BackendGarbage.Item item) {
    deletion = true;
    garbage.add(item);
  }

  void publish(String namespace, Event event) {
    events.add(new Envelope(now, namespace, event.topic(), event));
  }

  /**
   * Lets a lease hold an object.
   *
   * @param lease an id, or empty for none
   * @throws NotFoundException {@code lease "ID": not found}
   */
  void hold(String namespace, String lease, Lease.Resource resource) {
    if (lease.isEmpty()) {
      return;
    }
    WritableBucket bucket = lease(namespace, lease);
    bucket
        .createBucketIfAbsent(Schema.RESOURCES)
        .put(Schema.resourceKey(resource.type(), resource.id()), Schema.empty());
    touch(Node.lease(namespace, lease));
    Node node = Node.of(namespace, resource);
    if (node != null) {
      touch(node);
    }
  }

  /** Lets a lease hold an object no longer; nothing happens if it does not. */
  void release(String namespace, String lease, Lease.Resource resource) {
    if (lease.isEmpty()) {
      return;
    }
    WritableBucket resources =
        tx.bucket(Schema.DATA, namespace, Schema.LEASES, lease, Schema.RESOURCES);
    if (resources != null) {
      resources.delete(Schema.resourceKey(resource.type(), resource.id()));
    }
  }

  /**
   * The bucket of a lease.
   *
   * @throws NotFoundException {@code lease "ID": not found}
   */
  WritableBucket lease(String namespace, String lease) {
    WritableBucket bucket = tx.bucket(Schema.DATA, namespace, Schema.LEASES, lease);
    if (bucket == null) {
      throw new NotFoundException("lease \"" + lease + "\": not found");
    }
    return bucket;
  }

  List<Envelope> events() {
    return events;
  }

  List<BackendGarbage.Item> garbage() {
    return garbage;
  }

  boolean deletion() {
    return deletion;
  }
}
