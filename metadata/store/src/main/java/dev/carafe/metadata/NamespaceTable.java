package dev.carafe.metadata;

import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.NamespaceStore;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.metadata.Bucket;
import dev.carafe.spi.metadata.KeyRange;
import dev.carafe.spi.metadata.ReadTransaction;
import dev.carafe.spi.metadata.WritableBucket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Namespaces in the database. */
final class NamespaceTable implements NamespaceStore {
  /** Content of a namespace with this label may be used by others under the isolated policy. */
  static final String SHAREABLE = "containerd.io/namespace.shareable";

  private final Ledger ledger;

  NamespaceTable(Ledger ledger) {
    this.ledger = ledger;
  }

  @Override
  public Map<String, String> labels(Namespace namespace) {
    return ledger.view(tx -> labels(tx, namespace.name()));
  }

  @Override
  public List<Namespace> list() {
    return ledger.view(tx -> names(tx).stream().map(Namespace::new).toList());
  }

  @Override
  public void create(Namespace namespace, Map<String, String> labels) {
    Map<String, String> checked = Labels.checked(labels);
    ledger.change(change -> {
      WritableBucket all = change.tx().createBucketIfAbsent(Schema.DATA);
      if (all.bucket(namespace.name()) != null) {
        throw new AlreadyExistsException("namespace \"" + namespace + "\": already exists");
      }
      put(all.createBucket(namespace.name()), checked);
      change.publish(namespace.name(), new Event.NamespaceCreated(namespace.name(), checked));
      return null;
    });
  }

  @Override
  public Map<String, String> updateLabels(
      Namespace namespace, UnaryOperator<Map<String, String>> change) {
    return ledger.change(to -> {
      Map<String, String> labels = Labels.checked(change.apply(labels(to.tx(), namespace.name())));
      WritableBucket bucket = Schema.namespace(to.tx(), namespace.name());
      bucket.deleteBucket(Schema.LABELS);
      put(bucket, labels);
      to.publish(namespace.name(), new Event.NamespaceUpdated(namespace.name(), labels));
      return labels;
    });
  }

  @Override
  public void delete(Namespace namespace) {
    ledger.change(change -> {
      WritableBucket all = change.tx().bucket(Schema.DATA);
      WritableBucket bucket = all == null ? null : all.bucket(namespace.name());
      if (all == null || bucket == null) {
        throw notFound(namespace);
      }
      List<String> left = left(bucket);
      if (!left.isEmpty()) {
        throw new FailedPreconditionException(
            "namespace \""
                + namespace
                + "\" must be empty, but it still has "
                + String.join(", ", left));
      }
      Bucket ingests = Schema.ingests(change.tx(), namespace.name());
      if (ingests != null) {
        ingests.forEach((ref, value) ->
            change.discards(
                new BackendGarbage.Ingest(Formats.INGEST.decode(ref, value).backendRef())));
      }
      all.deleteBucket(namespace.name());
      change.deletes();
      change.publish(namespace.name(), new Event.NamespaceDeleted(namespace.name()));
      return null;
    });
  }

  /** Names of all namespaces, in order. */
  static List<String> names(ReadTransaction tx) {
    Bucket all = tx.bucket(Schema.DATA);
    return all == null ? List.of() : all.bucketNames();
  }

  static Map<String, String> labels(ReadTransaction tx, String namespace) {
    Map<String, String> labels = new TreeMap<>();
    Bucket bucket = tx.bucket(Schema.DATA, namespace, Schema.LABELS);
    if (bucket != null) {
      bucket.forEach((key, value) -> labels.put(key, new String(value, StandardCharsets.UTF_8)));
    }
    return Map.copyOf(labels);
  }

  private static void put(WritableBucket namespace, Map<String, String> labels) {
    WritableBucket bucket = namespace.createBucket(Schema.LABELS);
    labels.forEach((key, value) -> bucket.put(key, value.getBytes(StandardCharsets.UTF_8)));
  }

  /** What keeps a namespace from being removed. Leases and ingests go with it. */
  private static List<String> left(Bucket namespace) {
    List<String> left = new ArrayList<>();
    addIfFilled(left, "images", namespace.bucket(Schema.IMAGES));
    Bucket content = namespace.bucket(Schema.CONTENT);
    addIfFilled(left, "blobs", content == null ? null : content.bucket(Schema.BLOBS));
    addIfFilled(left, "containers", namespace.bucket(Schema.CONTAINERS));
    addIfFilled(left, "sandboxes", namespace.bucket(Schema.SANDBOXES));
    addIfFilled(left, "mounts", namespace.bucket(Schema.MOUNTS));
    addIfFilled(left, "tasks", namespace.bucket(Schema.TASKS));
    Bucket snapshots = namespace.bucket(Schema.SNAPSHOTS);
    if (snapshots != null) {
      snapshots.forEachBucket(
          KeyRange.ALL,
          (name, snapshotter) -> {
            addIfFilled(
                left,
                "snapshots on \"" + name + "\" snapshotter",
                snapshotter.bucket(Schema.RECORDS));
            return true;
          });
    }
    return left;
  }

  private static void addIfFilled(List<String> left, String kind, @Nullable Bucket bucket) {
    if (bucket != null && !bucket.isEmpty()) {
      left.add(kind);
    }
  }

  private static NotFoundException notFound(Namespace namespace) {
    return new NotFoundException("namespace \"" + namespace + "\": not found");
  }
}
