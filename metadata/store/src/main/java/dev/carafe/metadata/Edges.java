package dev.carafe.metadata;

import dev.carafe.engine.stores.Activation;
import dev.carafe.engine.stores.Container;
import dev.carafe.engine.stores.Image;
import dev.carafe.engine.stores.Lease;
import dev.carafe.spi.metadata.Bucket;
import dev.carafe.spi.metadata.ReadTransaction;
import dev.carafe.spi.sandboxes.Sandbox;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an object holds.
 *
 * @param always parent, target, resources: followed in any case
 * @param labelled what its labels name: not followed from a flat lease
 */
record Edges(List<Node> always, List<Node> labelled) {
  static final Edges NONE = new Edges(List.of(), List.of());

  /** What an object in the database holds now; {@link #NONE} if it is not there. */
  static Edges of(ReadTransaction tx, Node node) {
    String namespace = node.namespace();
    String key = node.key();
    return switch (node.kind()) {
      case CONTENT -> {
        BlobRecord blob =
            Formats.BLOB.decodeOrNull(key, Schema.get(Schema.blobs(tx, namespace), key));
        yield blob == null ? NONE : of(namespace, List.of(), blob.labels());
      }
      case SNAPSHOT -> {
        SnapshotRecord snapshot =
            node.snapshotter().isEmpty()
                ? null
                : Formats.SNAPSHOT.decodeOrNull(
                    key, Schema.get(Schema.snapshots(tx, namespace, node.snapshotter()), key));
        yield snapshot == null ? NONE : of(namespace, node.snapshotter(), snapshot);
      }
      case IMAGE -> {
        Image image =
            Formats.IMAGE.decodeOrNull(key, Schema.get(Schema.images(tx, namespace), key));
        yield image == null ? NONE : of(namespace, image);
      }
      case INGEST -> {
        IngestRecord ingest =
            Formats.INGEST.decodeOrNull(key, Schema.get(Schema.ingests(tx, namespace), key));
        yield ingest == null ? NONE : of(namespace, ingest);
      }
      case CONTAINER -> {
        Container container =
            Formats.CONTAINER.decodeOrNull(key, Schema.get(Schema.containers(tx, namespace), key));
        yield container == null ? NONE : of(namespace, container);
      }
      case SANDBOX -> {
        Sandbox sandbox =
            Formats.SANDBOX.decodeOrNull(key, Schema.get(Schema.sandboxes(tx, namespace), key));
        yield sandbox == null ? NONE : of(namespace, List.of(), sandbox.labels());
      }
      case MOUNT -> {
        Activation activation =
            Formats.ACTIVATION.decodeOrNull(key, Schema.get(Schema.mounts(tx, namespace), key));
        yield activation == null ? NONE : of(namespace, List.of(), activation.labels());
      }
      case LEASE -> {
        Bucket leases = Schema.leases(tx, namespace);
        Bucket lease = leases == null || key.isEmpty() ? null : leases.bucket(key);
        yield lease == null ? NONE : new Edges(held(namespace, lease), List.of());
      }
    };
  }

  static Edges of(String namespace, List<Node> always, Map<String, String> labels) {
    List<Node> labelled = new ArrayList<>(0);
    References.forEach(namespace, labels, labelled::add);
    return always.isEmpty() && labelled.isEmpty() ? NONE : new Edges(always, labelled);
  }

  static Edges of(String namespace, String snapshotter, SnapshotRecord snapshot) {
    return of(namespace, node(namespace, snapshotter, snapshot.parent()), snapshot.labels());
  }

  static Edges of(String namespace, Image image) {
    return of(namespace, List.of(Node.content(namespace, image.target().digest())), image.labels());
  }

  static Edges of(String namespace, IngestRecord ingest) {
    return ingest.expected() == null
        ? NONE
        : new Edges(List.of(Node.content(namespace, ingest.expected())), List.of());
  }

  static Edges of(String namespace, Container container) {
    List<Node> snapshot =
        container.snapshotKey().isEmpty()
            ? List.of()
            : node(namespace, container.snapshotter(), container.snapshotKey());
    return of(namespace, snapshot, container.labels());
  }

  /** What the lease in this bucket holds. */
  static List<Node> held(String namespace, Bucket lease) {
    List<Node> held = new ArrayList<>();
    for (Lease.Resource resource : LeaseTable.resources(lease)) {
      Node node = Node.of(namespace, resource);
      if (node != null) {
        held.add(node);
      }
    }
    return held;
  }

  private static List<Node> node(String namespace, String snapshotter, @Nullable String key) {
    return key == null ? List.of() : List.of(Node.snapshot(namespace, snapshotter, key));
  }
}
