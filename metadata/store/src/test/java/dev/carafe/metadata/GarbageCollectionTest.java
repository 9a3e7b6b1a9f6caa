package dev.carafe.metadata;

import static dev.carafe.metadata.World.NAMESPACE;
import static dev.carafe.metadata.World.SNAPSHOTTER;
import static dev.carafe.metadata.World.blob;
import static dev.carafe.metadata.World.key;
import static dev.carafe.metadata.World.layer;
import static dev.carafe.metadata.World.refs;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.engine.stores.Activation;
import dev.carafe.engine.stores.GarbageCollector;
import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.Stores;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What holds what. */
@ExtendWith(LeakCheck.class)
class GarbageCollectionTest {
  private World world;
  private Stores stores;
  private Snapshotter snapshots;

  @BeforeEach
  void open(WorkDirectory directory) {
    world = directory.closeLater(new World(directory.path()));
    stores = world.stores();
    snapshots = stores.snapshotter(SNAPSHOTTER);
  }

  private void assertBlobs(Digest... expected) {
    assertEquals(Set.of(expected), World.blobs(stores));
    assertEquals(Set.of(expected), world.backendBlobs());
  }

  private void assertSnapshots(String... expected) {
    assertEquals(new TreeSet<>(Set.of(expected)), World.snapshots(stores));
    assertEquals(expected.length, world.backendSnapshots().size());
  }

  @Test
  void whoListensIsToldOfEveryCollection() {
    List<GarbageCollector.Report> told = new ArrayList<>();
    world.metadata().collector().onCollected(told::add);
    blob(stores, "a", Map.of());

    var first = world.collect();
    var second = world.collect();

    assertEquals(List.of(first, second), told);
    assertEquals(Map.of("content", 1), first.removed());
  }

  @Test
  void whatNothingHoldsGoesWithItsBytes() {
    blob(stores, "a", Map.of());
    layer(stores, "top", layer(stores, "base", null));
    snapshots.prepare(key("active"), key("top"), Map.of());

    var report = world.collect();

    assertBlobs();
    assertSnapshots();
    assertEquals(Map.of("content", 1, "snapshots/memory", 3), report.removed());
    assertEquals(Map.of(), world.collect().removed());
  }

  @Test
  void rootLabelHoldsContentAndSnapshotsWithTheirParents() {
    Digest held = blob(stores, "a", refs("root", "x"));
    blob(stores, "b", Map.of());
    layer(stores, "top", layer(stores, "base", null));
    layer(stores, "other", null);
    snapshots.updateLabels(key("top"), _ -> refs("root", "x"));

    world.collect();

    assertBlobs(held);
    assertSnapshots("base", "top");
  }

  @Test
  void imageHoldsItsTargetAndWhatLabelsNameFromThere() {
    layer(stores, "chain", null);
    Digest leaf = blob(stores, "leaf", Map.of());
    Digest config = blob(stores, "config", refs("ref.snapshot." + SNAPSHOTTER, "chain"));
    Digest slash = blob(stores, "slash", Map.of());
    Digest bare = blob(stores, "bare", Map.of());
    Digest manifest =
        blob(
            stores,
            "manifest",
            refs(
                "ref.content.config",
                config.toString(),
                "ref.content.l.0",
                leaf.toString(),
                "ref.content/m",
                slash.toString(),
                "ref.content",
                bare.toString()));
    Digest lookalike = blob(stores, "lookalike", Map.of());
    World.image(stores, "image", manifest, refs("ref.contents", lookalike.toString()));

    world.collect();

    assertBlobs(leaf, config, slash, bare, manifest);
    assertSnapshots("chain");

    stores.images().delete("image", null);
    world.collect();

    assertBlobs();
    assertSnapshots();
  }

  @Test
  void snapshotLabelMayCarryAName() {
    layer(stores, "a", null);
    layer(stores, "b", null);
    blob(
        stores,
        "x",
        refs(
            "root",
            "1",
            "ref.snapshot." + SNAPSHOTTER + "/one",
            "a",
            "ref.snapshot." + SNAPSHOTTER + "/two",
            "b"));

    world.collect();

    assertSnapshots("a", "b");
  }

  @Test
  void imageLabelHoldsAnExpiredImage() {
    Digest digest = blob(stores, "a", Map.of());
    World.image(stores, "expired", digest, Map.of(Labels.GC_EXPIRE, "2020-01-01T00:00:00Z"));
    blob(stores, "holder", refs("root", "1", "ref.image", "expired"));

    world.collect();

    assertEquals(1, stores.images().list().size());
    assertTrue(World.blobs(stores).contains(digest));
  }

  @Test
  void expiredImageGoesAndIsToldOf() {
    Digest digest = blob(stores, "a", Map.of());
    World.image(stores, "expired", digest, Map.of(Labels.GC_EXPIRE, "2020-01-01T00:00:00+01:00"));
    World.image(stores, "odd", digest, Map.of(Labels.GC_EXPIRE, "next week"));
    layer(stores, "s", null);
    world.events.take();

    world.collect();

    assertEquals("odd", stores.images().list().getFirst().name());
    List<Event> events = world.events.take();
    assertEquals(
        Set.of(new Event.ImageDeleted("expired"), new Event.SnapshotRemoved("s", SNAPSHOTTER)),
        Set.copyOf(events));
    assertEquals(2, events.size());
  }

  @Test
  void contentThatGoesIsToldOfInItsNamespace() {
    Digest digest = blob(world.stores("other"), "a", Map.of());
    world.events.take();

    world.collect();

    assertEquals(List.of(new Event.ContentDeleted(digest)), world.events.take());
  }

  @Test
  void expiringImageIsHeldByTheLeaseItCameWith() {
    Lease lease = stores.leases().create("l", Map.of());
    Digest digest = blob(stores, "a", Map.of());
    World.image(world.leased(lease), "i", digest, Map.of(Labels.GC_EXPIRE, "2020-01-01T00:00:00Z"));

    world.collect();
    assertEquals(1, stores.images().list().size());

    stores.leases().delete("l");
    world.collect();
    assertEquals(List.of(), stores.images().list());
    assertBlobs();
  }

  @Test
  void leaseHoldsWhatItWasGivenUntilItIsDeleted() {
    Lease lease = stores.leases().create("l", Map.of());
    Digest child = blob(stores, "child", Map.of());
    Digest held = blob(world.leased(lease), "a", refs("ref.content", child.toString()));
    layer(world.leased(lease), "s", null);
    world.leased(lease).content().writer(new IngestRequest("partial", 0, null)).close();

    world.clock.advance(Duration.ofDays(365));
    world.collect();

    assertBlobs(child, held);
    assertSnapshots("s");
    assertEquals(1, stores.content().ingests().size());

    stores.leases().delete("l");
    world.collect();

    assertBlobs();
    assertSnapshots();
    assertEquals(List.of(), stores.content().ingests());
    assertEquals(Set.of(), world.backendIngests());
  }

  @Test
  void flatLeaseDoesNotFollowLabelsButParents() {
    Lease lease = stores.leases().create("flat", Map.of(Labels.GC_FLAT, "1"));
    Digest child = blob(stores, "child", Map.of());
    Digest held = blob(world.leased(lease), "a", refs("ref.content", child.toString()));
    layer(stores, "base", null);
    layer(world.leased(lease), "top", key("base"));

    world.collect();

    assertBlobs(held);
    assertSnapshots("base", "top");
  }

  @Test
  void whatIsHeldFlatAndOtherwiseIsFollowed() {
    Lease flat = stores.leases().create("flat", Map.of(Labels.GC_FLAT, "1"));
    Lease deep = stores.leases().create("deep", Map.of());
    Digest child = blob(stores, "child", Map.of());
    Digest held = blob(world.leased(flat), "a", refs("ref.content", child.toString()));
    stores.leases().addResource(deep.id(), Resources.content(held));

    world.collect();

    assertBlobs(child, held);
  }

  @Test
  void expiredLeaseHoldsNothingAndGoes() {
    Lease lease = stores.leases().open(Duration.ofMinutes(10));
    Digest digest = blob(world.leased(lease), "a", Map.of());
    world.collect();
    assertBlobs(digest);

    world.clock.advance(Duration.ofMinutes(11));
    var report = world.collect();

    assertBlobs();
    assertEquals(List.of(), stores.leases().list());
    assertEquals(1, report.removed().get("leases"));
  }

  @Test
  void leaseWithUnreadableExpiryStays() {
    stores.leases().create("l", Map.of(Labels.GC_EXPIRE, "soon"));
    world.clock.advance(Duration.ofDays(3650));
    world.collect();
    assertEquals(1, stores.leases().list().size());
  }

  @Test
  void backReferenceHoldsWhileItsTargetLives() {
    stores.containers().create(Containers.container("c", "", ""));
    Digest target = blob(stores, "target", refs("root", "1"));
    Digest byContainer = blob(stores, "a", refs("bref.container", "c"));
    Digest byContent = blob(stores, "b", refs("bref.content.x", target.toString()));
    Digest chained = blob(stores, "d", refs("bref.content", byContent.toString()));
    blob(stores, "e", refs("bref.container", "unknown"));
    layer(stores, "s", null);
    snapshots.updateLabels(key("s"), _ -> refs("bref.content", byContainer.toString()));

    world.collect();
    assertBlobs(target, byContainer, byContent, chained);
    assertSnapshots("s");

    stores.containers().delete("c");
    stores.content().updateLabels(target, _ -> Map.of());
    world.collect();
    assertBlobs();
    assertSnapshots();
  }

  @Test
  void backReferencesToImagesSnapshotsAndSandboxesHoldWhileTheseLive() {
    // Given
    stores.sandboxes().create(Tied.sandbox("pod", Map.of()));
    World.image(stores, "image", blob(stores, "target", Map.of()), Map.of());
    layer(stores, "kept", null);
    snapshots.updateLabels(key("kept"), _ -> refs("root", "1"));
    Digest byImage = blob(stores, "a", refs("bref.image", "image"));
    Digest byNamedImage = blob(stores, "b", refs("bref.image.x", "image"));
    Digest bySnapshot = blob(stores, "c", refs("bref.snapshot." + SNAPSHOTTER, "kept"));
    Digest byNamedSnapshot = blob(stores, "d", refs("bref.snapshot." + SNAPSHOTTER + "/x", "kept"));
    Digest bySandbox = blob(stores, "e", refs("bref.sandbox", "pod"));
    World.image(
        stores,
        "expired",
        blob(stores, "expired target", Map.of()),
        Map.of(Labels.GC_EXPIRE, "2020-01-01T00:00:00Z", "containerd.io/gc.bref.image", "image"));
    blob(stores, "f", refs("bref.snapshot.other", "kept"));

    // When
    world.collect();

    // Then
    assertBlobs(
        Digest.of(World.bytes("target")),
        Digest.of(World.bytes("expired target")),
        byImage,
        byNamedImage,
        bySnapshot,
        byNamedSnapshot,
        bySandbox);

    // When
    stores.images().delete("image", null);
    stores.sandboxes().delete("pod");
    snapshots.updateLabels(key("kept"), _ -> Map.of());
    world.collect();

    // Then
    assertBlobs();
    assertSnapshots();
    assertEquals(List.of(), stores.images().list());
  }

  @Test
  void containerHoldsItsSnapshotAndWhatItsLabelsName() {
    layer(stores, "base", null);
    snapshots.prepare(key("rootfs"), key("base"), Map.of());
    Digest named = blob(stores, "a", Map.of());
    stores
        .containers()
        .create(
            Containers.container(
                "c", SNAPSHOTTER, "rootfs", refs("ref.content", named.toString())));

    world.collect();
    assertSnapshots("base", "rootfs");
    assertBlobs(named);

    stores.containers().delete("c");
    world.collect();
    assertSnapshots();
    assertBlobs();
  }

  @Test
  void taskHoldsTheSnapshotItRunsOnAfterItsContainerIsGone() {
    snapshots.prepare(key("rootfs"), null, Map.of());
    stores.containers().create(Containers.container("c", SNAPSHOTTER, "rootfs"));
    stores.tasks().put(Containers.task("c", RuntimeOptions.NONE));
    stores.containers().delete("c");
    stores.tasks().put(Containers.task("c", RuntimeOptions.NONE));

    world.collect();
    assertSnapshots("rootfs");

    stores.tasks().delete("c");
    world.collect();
    assertSnapshots();
  }

  @Test
  void ingestWithoutLeaseLivesADay() {
    stores.content().writer(new IngestRequest("partial", 0, null)).close();
    world.clock.advance(Duration.ofHours(23));
    world.collect();
    assertEquals(1, stores.content().ingests().size());

    world.clock.advance(Duration.ofHours(2));
    assertEquals(1, world.collect().removed().get("ingests"));
    assertEquals(List.of(), stores.content().ingests());
    assertEquals(Set.of(), world.backendIngests());
  }

  @Test
  void reopenedIngestLivesAnotherDay() {
    stores.content().writer(new IngestRequest("partial", 0, null)).close();
    world.clock.advance(Duration.ofHours(23));
    stores.content().writer(new IngestRequest("partial", 0, null)).close();
    world.clock.advance(Duration.ofHours(23));
    world.collect();
    assertEquals(1, stores.content().ingests().size());
  }

  @Test
  void ingestWithAWriterStaysHoweverOld() {
    try (ContentWriter writer = stores.content().writer(new IngestRequest("slow", 0, null))) {
      writer.write(ByteBuffer.wrap(World.bytes("slow")));
      world.clock.advance(Duration.ofDays(30));
      world.collect();
      writer.commit(4, null, refs("root", "1"));
    }
    assertBlobs(Digest.of(World.bytes("slow")));
  }

  @Test
  void namespacesHoldOneBlobTogether() {
    Digest digest = blob(stores, "a", refs("root", "1"));
    blob(world.stores("other"), "a", refs("root", "1"));

    stores.content().delete(digest);
    world.collect();
    assertEquals(Set.of(digest), world.backendBlobs());

    world.stores("other").content().delete(digest);
    world.collect();
    assertEquals(Set.of(), world.backendBlobs());
  }

  @Test
  void whatNoDatabaseKnowsGoesWithTheFirstCollection() {
    world.content.writer(new IngestRequest("stray", 0, null)).close();
    try (ContentWriter writer = world.content.writer(new IngestRequest("blob", 0, null))) {
      writer.commit(0, null, Map.of());
    }
    world.snapshotter.prepare(key("default/1/base"), null, Map.of());
    world.snapshotter.commit(
        new CommitRequest(key("default/1/base"), key("default/2/base"), null, Map.of()));
    world.snapshotter.prepare(key("default/3/top"), key("default/2/base"), Map.of());
    world.snapshotter.prepare(key("not one of ours"), key("default/2/base"), Map.of());
    layer(stores, "kept", null);
    snapshots.updateLabels(key("kept"), _ -> refs("root", "1"));

    world.collect();

    assertBlobs();
    assertEquals(Set.of(), world.backendIngests());
    assertSnapshots("kept");
  }

  @Test
  void longChainsAreMarkedAndRemoved() {
    var parent = layer(stores, "0", null);
    for (int i = 1; i < 600; i++) {
      parent = layer(stores, "" + i, parent);
    }
    snapshots.updateLabels(parent, _ -> refs("root", "1"));
    world.collect();
    assertEquals(600, World.snapshots(stores).size());

    snapshots.updateLabels(parent, _ -> Map.of());
    assertEquals(600, world.collect().removed().get("snapshots/memory"));
    assertSnapshots();
  }

  @Test
  void listenersHearOfChangesAndOfDeletions() {
    List<Boolean> heard = new ArrayList<>();
    world.metadata().collector().onMutation(heard::add);
    world
        .metadata()
        .collector()
        .onMutation(_ -> {
          throw new IllegalStateException("on purpose");
        });

    stores.leases().create("l", Map.of());
    stores.leases().delete("l");
    assertEquals(List.of(false, true), heard);

    blob(stores, "a", Map.of());
    heard.clear();
    world.collect();
    assertEquals(List.of(), heard);
  }

  @Test
  void damagedRecordEndsTheCollectionBeforeAnythingGoes() {
    Digest digest = blob(stores, "a", Map.of());
    world.database.write(tx ->
        tx.createBucketIfAbsent(Schema.DATA, NAMESPACE.name(), Schema.IMAGES)
            .put("damaged", new byte[] {1, 2, 3}));

    assertThrows(DataLossException.class, world::collect);

    assertBlobs(digest);
  }

  @Test
  void restartForgetsNothing() {
    Digest digest = blob(stores, "a", refs("root", "1"));
    layer(stores, "s", null);
    Path root = world.root;
    assertTrue(root.resolve("watermark").toFile().exists());

    world.restart();
    stores = world.stores();
    world.collect();

    assertBlobs(digest);
    assertSnapshots();
  }

  @Test
  void sandboxHoldsWhatItsLabelsName() {
    Digest held = blob(stores, "held", Map.of());
    Digest tied = blob(stores, "tied", refs("bref.sandbox", "s"));
    blob(stores, "loose", Map.of());
    stores.sandboxes().create(Tied.sandbox("s", refs("ref.content", held.toString())));
    world.collect();
    assertEquals(Set.of(held, tied), World.blobs(stores));
    stores.sandboxes().update("s", sandbox -> Tied.sandbox("s", Map.of()));
    world.collect();
    assertEquals(Set.of(tied), World.blobs(stores));
    stores.sandboxes().delete("s");
    world.collect();
    assertEquals(Set.of(), World.blobs(stores));
  }

  @Test
  void mountsStayUntilWhatTheyAreTiedToIsGone() {
    Lease lease = stores.leases().create("l", Map.of());
    Digest held = blob(stores, "held", Map.of());
    world.leased(lease).activations().create(mounts("leased", refs("ref.content", "" + held)));
    stores.activations().create(mounts("free", Map.of()));
    stores.activations().create(mounts("tied", refs("bref.sandbox", "s")));
    stores.activations().create(mounts("expired", refs("expire", "2001-01-01T00:00:00Z")));
    stores.sandboxes().create(Tied.sandbox("s", Map.of()));
    assertEquals(Map.of("mounts", 1), world.collect().removed());
    assertEquals(Set.of(held), World.blobs(stores));
    stores.leases().delete("l");
    stores.sandboxes().delete("s");
    assertEquals(Map.of("mounts", 2, "content", 1), world.collect().removed());
    assertEquals(
        List.of("free"), stores.activations().list().stream().map(Activation::name).toList());
  }

  private static Activation mounts(String name, Map<String, String> labels) {
    return new Activation(name, name, "", List.of(), List.of(), labels);
  }
}
