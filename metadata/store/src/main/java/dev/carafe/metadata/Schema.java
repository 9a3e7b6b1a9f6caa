package dev.carafe.metadata;

import dev.carafe.spi.metadata.Bucket;
import dev.carafe.spi.metadata.KeyRange;
import dev.carafe.spi.metadata.ReadTransaction;
import dev.carafe.spi.metadata.WritableBucket;
import dev.carafe.spi.metadata.WriteTransaction;
import org.jspecify.annotations.Nullable;

/**
 * Where things lie in the database. Names in angle brackets are keys; what follows an arrow is a
 * value, written by {@link Formats} unless said otherwise.
 *
 * <pre>
 * carafe/                           facts about the database itself
 *   schema                          → version, decimal text
 *   id                              → a random name of this database, text
 *   sequence                        → highest number reserved for back end names, decimal text
 *   suspect                         → why back ends are believed to be newer, text; usually absent
 *   intents/&lt;back end name&gt;         → a snapshot commit that is under way
 * v1/
 *   &lt;namespace&gt;/
 *     labels/&lt;key&gt;                  → text
 *     image/&lt;name&gt;                  → image
 *     content/
 *       blob/&lt;digest&gt;               → size, times, labels
 *       ingests/&lt;ref&gt;               → back end ref, expectations, times, expiry
 *     snapshots/&lt;snapshotter&gt;/
 *       records/&lt;key&gt;               → kind, back end key, parent, times, labels
 *       children/&lt;length&gt;:&lt;parent&gt;&lt;child&gt;   → empty
 *     containers/&lt;id&gt;               → container
 *     sandboxes/&lt;id&gt;                → sandbox
 *     mounts/&lt;name&gt;                 → activation of mounts
 *     leases/&lt;id&gt;/
 *       lease                       → time, labels
 *       resources/&lt;type&gt; &lt;id&gt;       → empty
 *     tasks/&lt;container id&gt;          → task and the snapshot it runs on
 * </pre>
 *
 * <p>A namespace exists while its bucket does. Back ends know objects as {@code
 * NAMESPACE/NUMBER/NAME} with numbers that are never given twice; blobs under their digests, once
 * for all namespaces.
 */
final class Schema {
  static final int VERSION = 1;

  static final String FACTS = "carafe";
  static final String DATA = "v1";

  static final String LABELS = "labels";
  static final String IMAGES = "image";
  static final String CONTENT = "content";
  static final String BLOBS = "blob";
  static final String INGESTS = "ingests";
  static final String SNAPSHOTS = "snapshots";
  static final String RECORDS = "records";
  static final String CHILDREN = "children";
  static final String CONTAINERS = "containers";
  static final String SANDBOXES = "sandboxes";
  static final String MOUNTS = "mounts";
  static final String LEASES = "leases";
  static final String TASKS = "tasks";

  static final String LEASE = "lease";
  static final String RESOURCES = "resources";
  static final String INTENTS = "intents";

  private static final byte[] EMPTY = {};

  private Schema() {}

  static @Nullable Bucket images(ReadTransaction tx, String namespace) {
    return tx.bucket(DATA, namespace, IMAGES);
  }

  static @Nullable Bucket blobs(ReadTransaction tx, String namespace) {
    return tx.bucket(DATA, namespace, CONTENT, BLOBS);
  }

  static @Nullable Bucket ingests(ReadTransaction tx, String namespace) {
    return tx.bucket(DATA, namespace, CONTENT, INGESTS);
  }

  static @Nullable Bucket snapshots(ReadTransaction tx, String namespace, String snapshotter) {
    return tx.bucket(DATA, namespace, SNAPSHOTS, snapshotter, RECORDS);
  }

  static @Nullable Bucket containers(ReadTransaction tx, String namespace) {
    return tx.bucket(DATA, namespace, CONTAINERS);
  }

  static @Nullable Bucket sandboxes(ReadTransaction tx, String namespace) {
    return tx.bucket(DATA, namespace, SANDBOXES);
  }

  static @Nullable Bucket mounts(ReadTransaction tx, String namespace) {
    return tx.bucket(DATA, namespace, MOUNTS);
  }

  static @Nullable Bucket leases(ReadTransaction tx, String namespace) {
    return tx.bucket(DATA, namespace, LEASES);
  }

  static @Nullable Bucket tasks(ReadTransaction tx, String namespace) {
    return tx.bucket(DATA, namespace, TASKS);
  }

  /** The value under {@code key}, or null; the bucket may be missing. */
  static byte @Nullable [] get(@Nullable Bucket bucket, String key) {
    return bucket == null || key.isEmpty() ? null : bucket.get(key);
  }

  static WritableBucket namespace(WriteTransaction tx, String namespace) {
    return tx.createBucketIfAbsent(DATA, namespace);
  }

  /** The index entry that says that {@code parent} has the child {@code child}. */
  static String childKey(String parent, String child) {
    return childPrefix(parent) + child;
  }

  /** What all index entries of {@code parent} begin with, and no others. */
  static String childPrefix(String parent) {
    return parent.length() + ":" + parent;
  }

  static void addChild(
      WriteTransaction tx, String namespace, String snapshotter, String parent, String child) {
    tx.createBucketIfAbsent(DATA, namespace, SNAPSHOTS, snapshotter, CHILDREN)
        .put(childKey(parent, child), EMPTY);
  }

  static void removeChild(
      WriteTransaction tx, String namespace, String snapshotter, String parent, String child) {
    WritableBucket children = tx.bucket(DATA, namespace, SNAPSHOTS, snapshotter, CHILDREN);
    if (children != null) {
      children.delete(childKey(parent, child));
    }
  }

  static boolean hasChildren(
      ReadTransaction tx, String namespace, String snapshotter, String parent) {
    Bucket children = tx.bucket(DATA, namespace, SNAPSHOTS, snapshotter, CHILDREN);
    return children != null
        && !children.forEach(KeyRange.withPrefix(childPrefix(parent)), (_, _) -> false);
  }

  /** The key of a resource below its lease; types have no space in them. */
  static String resourceKey(String type, String id) {
    return type + " " + id;
  }

  static byte[] empty() {
    return EMPTY;
  }
}
