package dev.carafe.metadata;

import dev.carafe.engine.stores.Activation;
import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Lease;
import dev.carafe.spi.metadata.Bucket;
import dev.carafe.spi.metadata.KeyRange;
import dev.carafe.spi.metadata.ReadTransaction;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds what nothing holds in one revision of the database.
 *
 * <p>Roots: leases that have not expired and what they hold, images that have not expired,
 * containers, sandboxes, tasks, mounts that neither lease nor label ties to anything, ingests that
 * have not expired (the sweep leaves those with a writer alone as well), commits under way, and
 * content, snapshots and mounts with the label {@code containerd.io/gc.root}. An active snapshot is
 * no root of itself. A record that cannot be read ends the collection before anything is removed.
 */
final class Mark {
  private record Step(Node node, boolean flat) {}

  private final ReadTransaction tx;
  private final Instant now;
  private final Map<Node, Edges> present = new HashMap<>();
  private final Map<Node, List<Node>> heldBy = new HashMap<>();
  private final Set<Node> marked = new HashSet<>();
  private final Set<Node> flat = new HashSet<>();
  private final Deque<Step> open = new ArrayDeque<>();

  private Mark(ReadTransaction tx, Instant now) {
    this.tx = tx;
    this.now = now;
  }

  /**
   * What was found.
   *
   * @param garbage unreachable objects in an order in which they can be removed: holders before
   *     what they hold, children before parents
   * @param heldBy what lives with an object because its own labels say so
   */
  record Result(List<Node> garbage, Map<Node, List<Node>> heldBy) {}

  static Result run(ReadTransaction tx, Instant now) {
    Mark mark = new Mark(tx, now);
    NamespaceTable.names(tx).forEach(mark::scan);
    mark.scanIntents();
    mark.follow();
    return new Result(mark.garbage(), mark.heldBy);
  }

  private void scan(String namespace) {
    scanLeases(namespace);
    each(
        Schema.images(tx, namespace),
        Formats.IMAGE,
        (name, image) -> {
          Node node = Node.image(namespace, name);
          add(node, Edges.of(namespace, image), image.labels());
          if (!isPast(image.labels().get(Labels.GC_EXPIRE))) {
            visit(node, false);
          }
        });
    each(
        Schema.ingests(tx, namespace),
        Formats.INGEST,
        (ref, ingest) -> {
          Node node = Node.ingest(namespace, ref);
          add(node, Edges.of(namespace, ingest), Map.of());
          Instant expiry = ingest.expiresAt();
          if (expiry != null && expiry.isAfter(now)) {
            visit(node, false);
          }
        });
    each(
        Schema.blobs(tx, namespace),
        Formats.BLOB,
        (digest, blob) ->
            addRootable(
                Node.content(namespace, digest),
                Edges.of(namespace, List.of(), blob.labels()),
                blob.labels()));
    scanSnapshots(namespace);
    each(
        Schema.containers(tx, namespace),
        Formats.CONTAINER,
        (id, container) -> {
          Node node = Node.container(namespace, id);
          present.put(node, Edges.of(namespace, container));
          visit(node, false);
        });
    each(
        Schema.sandboxes(tx, namespace),
        Formats.SANDBOX,
        (id, sandbox) -> {
          Node node = Node.sandbox(namespace, id);
          present.put(node, Edges.of(namespace, List.of(), sandbox.labels()));
          visit(node, false);
        });
    each(
        Schema.mounts(tx, namespace),
        Formats.ACTIVATION,
        (name, activation) -> {
          Node node = Node.mount(namespace, name);
          add(node, Edges.of(namespace, List.of(), activation.labels()), activation.labels());
          if (isRoot(namespace, activation)) {
            visit(node, false);
          }
        });
    each(
        Schema.tasks(tx, namespace),
        Formats.TASK,
        (_, task) -> {
          if (!task.snapshotKey().isEmpty()) {
            visit(Node.snapshot(namespace, task.snapshotter(), task.snapshotKey()), false);
          }
        });
  }

  private void scanLeases(String namespace) {
    Bucket leases = Schema.leases(tx, namespace);
    if (leases == null) {
      return;
    }
    leases.forEachBucket(
        KeyRange.ALL,
        (id, bucket) -> {
          Lease lease = LeaseTable.read(id, bucket);
          Node node = Node.lease(namespace, id);
          present.put(node, Edges.NONE);
          if (!isPast(lease.labels().get(Labels.GC_EXPIRE))) {
            marked.add(node);
            boolean flatly = lease.labels().containsKey(Labels.GC_FLAT);
            Edges.held(namespace, bucket).forEach(held -> visit(held, flatly));
          }
          return true;
        });
  }

  private void scanSnapshots(String namespace) {
    Bucket snapshotters = tx.bucket(Schema.DATA, namespace, Schema.SNAPSHOTS);
    if (snapshotters == null) {
      return;
    }
    snapshotters.forEachBucket(
        KeyRange.ALL,
        (name, snapshotter) -> {
          each(
              snapshotter.bucket(Schema.RECORDS),
              Formats.SNAPSHOT,
              (key, snapshot) ->
                  addRootable(
                      Node.snapshot(namespace, name, key),
                      Edges.of(namespace, name, snapshot),
                      snapshot.labels()));
          return true;
        });
  }

  private void scanIntents() {
    each(
        tx.bucket(Schema.FACTS, Schema.INTENTS),
        Formats.INTENT,
        (_, intent) -> {
          visit(Node.snapshot(intent.namespace(), intent.snapshotter(), intent.key()), false);
          if (intent.parent() != null) {
            visit(Node.snapshot(intent.namespace(), intent.snapshotter(), intent.parent()), false);
          }
        });
  }

  /** One that no lease and no label ties to anything stays until its client ends it. */
  private boolean isRoot(String namespace, Activation activation) {
    Map<String, String> labels = activation.labels();
    if (labels.containsKey(Labels.GC_ROOT)
        || !activation.lease().isEmpty()
            && marked.contains(Node.lease(namespace, activation.lease()))) {
      return true;
    }
    boolean[] tied = {!activation.lease().isEmpty()};
    References.forEachHolder(namespace, labels, holder -> tied[0] = true);
    return !tied[0] && !isPast(labels.get(Labels.GC_EXPIRE));
  }

  private void addRootable(Node node, Edges edges, Map<String, String> labels) {
    add(node, edges, labels);
    if (labels.containsKey(Labels.GC_ROOT)) {
      visit(node, false);
    }
  }

  private void add(Node node, Edges edges, Map<String, String> labels) {
    present.put(node, edges);
    References.forEachHolder(
        node.namespace(),
        labels,
        holder -> heldBy.computeIfAbsent(holder, _ -> new ArrayList<>(1)).add(node));
  }

  private void visit(Node node, boolean flatly) {
    if (marked.contains(node) || flatly && !flat.add(node)) {
      return;
    }
    if (!flatly) {
      marked.add(node);
    }
    open.push(new Step(node, flatly));
  }

  private void follow() {
    while (!open.isEmpty()) {
      Step step = open.pop();
      Edges edges = present.get(step.node());
      if (edges == null) {
        continue;
      }
      edges.always().forEach(held -> visit(held, step.flat()));
      if (!step.flat()) {
        edges.labelled().forEach(held -> visit(held, false));
        heldBy.getOrDefault(step.node(), List.of()).forEach(held -> visit(held, false));
      }
    }
  }

  private List<Node> garbage() {
    Map<Node, Integer> depths = new HashMap<>();
    List<Node> garbage = new ArrayList<>();
    for (Node node : present.keySet()) {
      if (!marked.contains(node) && !flat.contains(node)) {
        garbage.add(node);
      }
    }
    garbage.sort(
        Comparator.comparing(Node::kind)
            .thenComparing(node -> -depth(node, depths))
            .thenComparing(Node::namespace)
            .thenComparing(Node::key));
    return garbage;
  }

  /** How many snapshots lie below. Chains are long, so without recursion. */
  private int depth(Node node, Map<Node, Integer> depths) {
    if (node.kind() != Node.Kind.SNAPSHOT) {
      return 0;
    }
    Deque<Node> chain = new ArrayDeque<>();
    Set<Node> seen = new HashSet<>();
    Node at = node;
    while (at != null && !depths.containsKey(at) && seen.add(at)) {
      chain.push(at);
      at = parent(at);
    }
    int depth = at == null ? 0 : depths.getOrDefault(at, 0) + 1;
    for (Node link : chain) {
      depths.put(link, depth++);
    }
    return depths.getOrDefault(node, 0);
  }

  private @Nullable Node parent(Node snapshot) {
    List<Node> always = present.getOrDefault(snapshot, Edges.NONE).always();
    return always.isEmpty() ? null : always.getFirst();
  }

  private boolean isPast(@Nullable String expiry) {
    if (expiry == null) {
      return false;
    }
    try {
      return !OffsetDateTime.parse(expiry).toInstant().isAfter(now);
    } catch (DateTimeException e) {
      // What cannot be read does not expire.
      return false;
    }
  }

  private static <R> void each(@Nullable Bucket bucket, Format<R> format, Visitor<R> visitor) {
    if (bucket != null) {
      bucket.forEach((key, value) -> visitor.visit(key, format.decode(key, value)));
    }
  }

  private interface Visitor<R> {
    void visit(String key, R record);
  }
}
