package dev.carafe.metadata;

import dev.carafe.engine.stores.GarbageCollector;
import dev.carafe.engine.stores.Image;
import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.Stores;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.content.IngestStatus;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.metadata.MetadataDatabase;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.testkit.content.MemoryContentStore;
import dev.carafe.testkit.metadata.MemoryMetadataDatabase;
import dev.carafe.testkit.snapshots.MemorySnapshotter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Metadata over back ends in memory that outlive it. */
final class World implements AutoCloseable {
  static final String SNAPSHOTTER = "memory";
  static final Namespace NAMESPACE = new Namespace("default");

  final ManualClock clock = new ManualClock();
  final RecordedEvents events = new RecordedEvents();
  final Path root;
  MetadataDatabase database = new MemoryMetadataDatabase();
  final ContentStore content = new MemoryContentStore();
  final Snapshotter snapshotter;
  MetadataConfig config = MetadataConfig.DEFAULT;
  private @Nullable NamespacedMetadata metadata;

  World(Path directory) {
    try {
      root = Files.createTempDirectory(directory, "metadata-");
      snapshotter = MemorySnapshotter.rebasing(Files.createTempDirectory(directory, "snapshots-"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The metadata; opened if it is not. */
  NamespacedMetadata metadata() {
    NamespacedMetadata open = metadata;
    if (open == null) {
      open = open(database, content, Map.of(SNAPSHOTTER, snapshotter));
      metadata = open;
    }
    return open;
  }

  /** Another instance, over other views of the back ends. */
  NamespacedMetadata open(
      MetadataDatabase database, ContentStore content, Map<String, Snapshotter> snapshotters) {
    return NamespacedMetadata.open(
        new NamespacedMetadata.Parts(database, content, snapshotters, events, root, clock), config);
  }

  /** A new daemon on the same data. */
  void restart() {
    close();
    metadata();
  }

  @Override
  public void close() {
    NamespacedMetadata open = metadata;
    metadata = null;
    if (open != null) {
      open.close();
    }
  }

  Stores stores() {
    return metadata().stores(NAMESPACE);
  }

  Stores stores(String namespace) {
    return metadata().stores(new Namespace(namespace));
  }

  Stores leased(Lease lease) {
    return metadata().stores(NAMESPACE, lease.id());
  }

  GarbageCollector.Report collect() {
    try {
      return metadata().collector().collect();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static SnapshotKey key(String key) {
    return new SnapshotKey(key);
  }

  /** Commits a blob. */
  static Digest blob(Stores stores, String text, Map<String, String> labels) {
    byte[] bytes = bytes(text);
    Digest digest = Digest.of(bytes);
    try (ContentWriter writer =
        stores.content().writer(new IngestRequest("ref-" + digest, bytes.length, digest))) {
      if (writer.status().offset() < bytes.length) {
        writer.write(ByteBuffer.wrap(bytes));
      }
      return writer.commit(bytes.length, digest, labels);
    }
  }

  /** Commits a blob unless it is there. */
  static Digest blobIfAbsent(Stores stores, String text, Map<String, String> labels) {
    try {
      return blob(stores, text, labels);
    } catch (AlreadyExistsException e) {
      return Digest.of(bytes(text));
    }
  }

  /** Commits a snapshot. */
  static SnapshotKey layer(Stores stores, String name, @Nullable SnapshotKey parent) {
    Snapshotter snapshots = stores.snapshotter(SNAPSHOTTER);
    snapshots.prepare(key("making " + name), parent, Map.of());
    snapshots.commit(new CommitRequest(key("making " + name), key(name), null, Map.of()));
    return key(name);
  }

  static Image image(Stores stores, String name, Digest target, Map<String, String> labels) {
    return stores.images().put(Image.of(name, new Descriptor("application/x", target, 1), labels));
  }

  static Map<String, String> refs(String... keysAndValues) {
    Map<String, String> labels = new TreeMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      labels.put("containerd.io/gc." + keysAndValues[i], keysAndValues[i + 1]);
    }
    return labels;
  }

  Set<Digest> backendBlobs() {
    Set<Digest> blobs = new TreeSet<>();
    content.forEachBlob(blob -> blobs.add(blob.digest()));
    return blobs;
  }

  Set<String> backendIngests() {
    return content.ingests().stream().map(IngestStatus::ref).collect(Collectors.toSet());
  }

  Set<String> backendSnapshots() {
    Set<String> keys = new TreeSet<>();
    snapshotter.forEach(snapshot -> keys.add(snapshot.key().value()));
    return keys;
  }

  static Set<String> snapshots(Stores stores) {
    Set<String> keys = new TreeSet<>();
    stores.snapshotter(SNAPSHOTTER).forEach(snapshot -> keys.add(snapshot.key().value()));
    return keys;
  }

  static Set<Digest> blobs(Stores stores) {
    Set<Digest> blobs = new TreeSet<>();
    stores.content().forEachBlob(blob -> blobs.add(blob.digest()));
    return blobs;
  }
}
