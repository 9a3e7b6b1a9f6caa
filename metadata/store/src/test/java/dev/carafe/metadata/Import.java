package dev.carafe.metadata;

import static dev.carafe.metadata.World.SNAPSHOTTER;
import static dev.carafe.metadata.World.key;
import static dev.carafe.metadata.World.refs;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.Stores;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.snapshots.CommitRequest;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;

/**
 * An import that takes its time: a manifest with its configuration, a snapshot that is being
 * filled, and a layer of which half has come. Nothing but a lease holds any of it.
 */
record Import(Stores plain, Stores leased, String lease, String id, Digest manifest) {
  static Import begin(NamespacedMetadata metadata, Namespace namespace, String id) {
    Stores plain = metadata.stores(namespace);
    Lease lease = plain.leases().open(Duration.ofHours(1));
    Stores leased = metadata.stores(namespace, lease.id());
    Digest config = World.blob(leased, "configuration of " + id, Map.of());
    Digest manifest =
        World.blob(
            leased,
            "manifest of " + id,
            refs("ref.content.config", config.toString(), "ref.content.l.0", layer(id).toString()));
    leased.snapshotter(SNAPSHOTTER).prepare(key("filling " + id), null, Map.of());
    Import begun = new Import(plain, leased, lease.id(), id, manifest);
    try (ContentWriter writer = begun.writer()) {
      writer.write(ByteBuffer.wrap(bytes(id), 0, half(id)));
    }
    begun.look();
    return begun;
  }

  /** All of it is there. */
  void look() {
    plain.content().info(manifest);
    plain.content().info(Digest.of(World.bytes("configuration of " + id)));
    plain.snapshotter(SNAPSHOTTER).stat(key("filling " + id));
    assertEquals(half(id), plain.content().status(ref()).offset());
  }

  /** Goes on where it was, and gives the image its name. */
  void finish(String image) {
    try (ContentWriter writer = writer()) {
      assertEquals(half(id), writer.status().offset());
      writer.write(ByteBuffer.wrap(bytes(id), half(id), bytes(id).length - half(id)));
      writer.commit(bytes(id).length, layer(id), refs("ref.snapshot." + SNAPSHOTTER, id));
    }
    leased
        .snapshotter(SNAPSHOTTER)
        .commit(new CommitRequest(key("filling " + id), key(id), null, Map.of()));
    World.image(plain, image, manifest, Map.of());
    plain.leases().delete(lease);
  }

  void giveUp() {
    plain.leases().delete(lease);
  }

  private ContentWriter writer() {
    return leased.content().writer(new IngestRequest(ref(), bytes(id).length, layer(id)));
  }

  private String ref() {
    return "layer of " + id;
  }

  private static byte[] bytes(String id) {
    return World.bytes("files of " + id);
  }

  private static Digest layer(String id) {
    return Digest.of(bytes(id));
  }

  private static int half(String id) {
    return bytes(id).length / 2;
  }
}
