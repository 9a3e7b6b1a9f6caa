package dev.carafe.metadata;

import dev.carafe.spi.content.Digest;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.metadata.ReadTransaction;
import dev.carafe.spi.metadata.WritableBucket;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Removes garbage from the database in short transactions. Each looks first at what was touched
 * since the mark began, and spares it with everything that it holds now: an object that was garbage
 * at the mark is held again only through an object that was touched since.
 */
final class Sweep {
  private static final int BATCH = 200;

  private final Ledger ledger;
  private final KeyLocks writers;
  private final Queue<Node> touched;
  private final Map<Node, List<Node>> heldBy;
  private final Set<Node> garbage;
  private final Map<String, Integer> removed = new TreeMap<>();
  private long pauseNanos;

  Sweep(Ledger ledger, KeyLocks writers, Queue<Node> touched, Mark.Result mark) {
    this.ledger = ledger;
    this.writers = writers;
    this.touched = touched;
    this.heldBy = mark.heldBy();
    this.garbage = new LinkedHashSet<>(mark.garbage());
  }

  void run() {
    while (!garbage.isEmpty()) {
      Map<String, Integer> counts = ledger.maintain(this::batch);
      counts.forEach((kind, count) -> removed.merge(kind, count, Integer::sum));
    }
  }

  /** Objects removed, by kind as in {@code GarbageCollector.Report}. */
  Map<String, Integer> removed() {
    return removed;
  }

  /** How long other writers were kept waiting. */
  long pauseNanos() {
    return pauseNanos;
  }

  private Map<String, Integer> batch(Change change) {
    long start = System.nanoTime();
    spareTouched(change.tx());
    Map<String, Integer> counts = new TreeMap<>();
    Iterator<Node> rest = garbage.iterator();
    for (int i = 0; i < BATCH && rest.hasNext(); i++) {
      Node node = rest.next();
      rest.remove();
      String kind = remove(change, node);
      if (kind != null) {
        counts.merge(kind, 1, Integer::sum);
      }
    }
    pauseNanos += System.nanoTime() - start;
    return counts;
  }

  private void spareTouched(ReadTransaction tx) {
    Deque<Node> open = new ArrayDeque<>();
    for (Node node = touched.poll(); node != null; node = touched.poll()) {
      garbage.remove(node);
      open.push(node);
    }
    while (!open.isEmpty()) {
      Node node = open.pop();
      Edges edges = Edges.of(tx, node);
      spare(edges.always(), open);
      spare(edges.labelled(), open);
      spare(heldBy.getOrDefault(node, List.of()), open);
    }
  }

  /** What was not garbage was followed by the mark, or is touched itself. */
  private void spare(Collection<Node> held, Deque<Node> open) {
    for (Node node : held) {
      if (garbage.remove(node)) {
        open.push(node);
      }
    }
  }

  /** The kind of what was removed; null if it is gone already or must stay. */
  private @Nullable String remove(Change change, Node node) {
    String namespace = node.namespace();
    return switch (node.kind()) {
      case LEASE -> removeLease(change, namespace, node.key());
      case IMAGE -> removeImage(change, namespace, node.key());
      case INGEST -> removeIngest(change, namespace, node.key());
      case SNAPSHOT -> removeSnapshot(change, node);
      case CONTENT -> removeBlob(change, namespace, node.key());
      case CONTAINER, SANDBOX -> null;
      case MOUNT -> removeMount(change, namespace, node.key());
    };
  }

  private static @Nullable String removeLease(Change change, String namespace, String id) {
    WritableBucket leases = change.tx().bucket(Schema.DATA, namespace, Schema.LEASES);
    return leases != null && leases.deleteBucket(id) ? "leases" : null;
  }

  private static @Nullable String removeImage(Change change, String namespace, String name) {
    WritableBucket images = change.tx().bucket(Schema.DATA, namespace, Schema.IMAGES);
    if (images == null || !images.delete(name)) {
      return null;
    }
    change.publish(namespace, new Event.ImageDeleted(name));
    return Resources.IMAGES;
  }

  private static @Nullable String removeMount(Change change, String namespace, String name) {
    WritableBucket mounts = change.tx().bucket(Schema.DATA, namespace, Schema.MOUNTS);
    if (mounts == null || !mounts.delete(name)) {
      return null;
    }
    return "mounts";
  }

  private @Nullable String removeIngest(Change change, String namespace, String ref) {
    WritableBucket ingests =
        change.tx().bucket(Schema.DATA, namespace, Schema.CONTENT, Schema.INGESTS);
    IngestRecord ingest =
        ingests == null ? null : Formats.INGEST.decodeOrNull(ref, ingests.get(ref));
    if (ingests == null || ingest == null || writers.isHeld(new Ref(namespace, ref))) {
      return null;
    }
    ingests.delete(ref);
    change.discards(new BackendGarbage.Ingest(ingest.backendRef()));
    return Resources.INGESTS;
  }

  private static @Nullable String removeSnapshot(Change change, Node node) {
    String namespace = node.namespace();
    SnapshotRecord snapshot =
        Formats.SNAPSHOT.decodeOrNull(
            node.key(),
            Schema.get(Schema.snapshots(change.tx(), namespace, node.snapshotter()), node.key()));
    if (snapshot == null
        || Schema.hasChildren(change.tx(), namespace, node.snapshotter(), node.key())) {
      return null;
    }
    NamespacedSnapshotter.forget(change, namespace, node.snapshotter(), node.key(), snapshot);
    return Resources.SNAPSHOTS + node.snapshotter();
  }

  private static @Nullable String removeBlob(Change change, String namespace, String key) {
    WritableBucket blobs = change.tx().bucket(Schema.DATA, namespace, Schema.CONTENT, Schema.BLOBS);
    if (blobs == null || !blobs.delete(key)) {
      return null;
    }
    Digest digest = Digest.parse(key);
    change.discards(new BackendGarbage.Blob(digest));
    change.publish(namespace, new Event.ContentDeleted(digest));
    return Resources.CONTENT;
  }
}
