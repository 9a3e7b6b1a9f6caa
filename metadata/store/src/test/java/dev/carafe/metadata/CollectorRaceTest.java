package dev.carafe.metadata;

import static dev.carafe.metadata.World.SNAPSHOTTER;
import static dev.carafe.metadata.World.blob;
import static dev.carafe.metadata.World.key;
import static dev.carafe.metadata.World.layer;
import static dev.carafe.metadata.World.refs;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.Stores;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.metadata.MetadataDatabase;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;

/** What happens between a mark and its sweep, one thing at a time. */
@ExtendWith(LeakCheck.class)
class CollectorRaceTest {
  private World world;
  private Stores stores;
  private volatile Executable afterMark = () -> {};

  @BeforeEach
  void open(WorkDirectory directory) {
    world = directory.closeLater(new World(directory.path()));
    MetadataDatabase plain = world.database;
    world.database =
        (MetadataDatabase)
            Proxy.newProxyInstance(
                MetadataDatabase.class.getClassLoader(),
                new Class<?>[] {MetadataDatabase.class},
                (_, method, arguments) -> {
                  Object result = Calls.invoke(plain, method, arguments);
                  if (result instanceof Mark.Result) {
                    afterMark.execute();
                  }
                  return result;
                });
    stores = world.stores();
  }

  private void collectWith(Executable meanwhile) {
    afterMark = meanwhile;
    world.collect();
    afterMark = () -> {};
  }

  private void assertReadable(Digest digest) {
    try (BlobReader reader = stores.content().open(digest)) {
      assertEquals(digest, Digest.of(reader.readAll(1 << 20)));
    }
  }

  @Test
  void newObjectsStay() {
    collectWith(() -> {
      blob(stores, "a", Map.of());
      layer(stores, "s", null);
    });

    assertReadable(Digest.of(World.bytes("a")));
    stores.snapshotter(SNAPSHOTTER).stat(key("s"));
    world.collect();
    assertEquals(Set.of(), world.backendBlobs());
    assertEquals(Set.of(), world.backendSnapshots());
  }

  @Test
  void garbageThatIsNamedAgainStaysWithAllItHolds() {
    Digest leaf = blob(stores, "leaf", Map.of());
    layer(stores, "top", layer(stores, "base", null));
    Digest middle =
        blob(
            stores,
            "middle",
            refs("ref.content", leaf.toString(), "ref.snapshot." + SNAPSHOTTER, "top"));
    Digest other = blob(stores, "other", Map.of());

    collectWith(() -> World.image(stores, "image", middle, Map.of()));

    assertReadable(leaf);
    assertReadable(middle);
    assertEquals(Set.of("base", "top"), World.snapshots(stores));
    assertThrows(NotFoundException.class, () -> stores.content().info(other));
  }

  @Test
  void garbageThatIsLeasedStays() {
    Digest digest = blob(stores, "a", Map.of());
    layer(stores, "s", null);
    Lease lease = stores.leases().create("l", Map.of());

    collectWith(() -> {
      assertThrows(AlreadyExistsException.class, () -> blob(world.leased(lease), "a", Map.of()));
      assertThrows(
          AlreadyExistsException.class,
          () -> world.leased(lease).snapshotter(SNAPSHOTTER).prepare(key("s"), null, Map.of()));
    });

    assertReadable(digest);
    world.collect();
    assertReadable(digest);
    stores.snapshotter(SNAPSHOTTER).stat(key("s"));
  }

  @Test
  void garbageThatALiveObjectPointsToNowStays() {
    Digest root = blob(stores, "root", refs("root", "1"));
    Digest digest = blob(stores, "a", Map.of());

    collectWith(() ->
        stores
            .content()
            .updateLabels(root, _ -> refs("root", "1", "ref.content", digest.toString())));

    assertReadable(digest);
  }

  @Test
  void parentOfANewSnapshotStays() {
    layer(stores, "base", null);

    collectWith(() -> stores.snapshotter(SNAPSHOTTER).prepare(key("a"), key("base"), Map.of()));

    assertEquals(Set.of("a", "base"), World.snapshots(stores));
    assertEquals(2, world.backendSnapshots().size());
  }

  @Test
  void snapshotThatIsCommittedMeanwhileStays() {
    Lease lease = stores.leases().create("l", Map.of());
    stores.snapshotter(SNAPSHOTTER).prepare(key("a"), null, Map.of());

    collectWith(() ->
        world
            .leased(lease)
            .snapshotter(SNAPSHOTTER)
            .commit(new CommitRequest(key("a"), key("c"), null, Map.of())));

    stores.snapshotter(SNAPSHOTTER).stat(key("c"));
    assertEquals(Set.of("c"), World.snapshots(stores));
    assertEquals(1, world.backendSnapshots().size());
  }

  @Test
  void backReferenceIsFollowedForWhatComesBack() {
    Digest target = blob(stores, "target", Map.of());
    Digest held = blob(stores, "held", refs("bref.content", target.toString()));

    collectWith(() -> World.image(stores, "i", target, Map.of()));

    assertReadable(held);
  }

  @Test
  void containerCreatedMeanwhileHoldsItsSnapshot() {
    stores.snapshotter(SNAPSHOTTER).prepare(key("rootfs"), null, Map.of());

    collectWith(() -> stores.containers().create(Containers.container("c", SNAPSHOTTER, "rootfs")));

    stores.snapshotter(SNAPSHOTTER).mounts(key("rootfs"));
  }

  @Test
  void ingestReopenedMeanwhileStays() {
    Lease lease = stores.leases().create("l", Map.of());
    world.leased(lease).content().writer(new IngestRequest("ref", 0, null)).close();
    stores.leases().delete("l");

    collectWith(() -> {
      try (ContentWriter writer = stores.content().writer(new IngestRequest("ref", 0, null))) {
        writer.write(ByteBuffer.wrap(World.bytes("x")));
      }
    });

    assertEquals(1, stores.content().status("ref").offset());
  }

  @Test
  void deletedMeanwhileIsNotCountedTwice() {
    Digest digest = blob(stores, "a", Map.of());
    world.events.take();

    collectWith(() -> stores.content().delete(digest));

    assertEquals(1, world.events.take().size());
    assertEquals(Set.of(), world.backendBlobs());
  }

  @Test
  void sharedBlobStaysWhileAWriterStandsOnIt() {
    Digest digest = blob(stores, "a", Map.of());
    Stores other = world.stores("other");
    try (ContentWriter writer = other.content().writer(new IngestRequest("ref", 1, digest))) {
      assertEquals(1, writer.status().offset());
      world.collect();
      assertThrows(NotFoundException.class, () -> stores.content().info(digest));
      writer.commit(1, digest, refs("root", "1"));
    }
    world.collect();
    try (BlobReader reader = other.content().open(digest)) {
      assertEquals(digest, Digest.of(reader.readAll(10)));
    }
  }

  @Test
  void callersThatComeMeanwhileGetTheNextCollection() throws Exception {
    CountDownLatch marked = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    afterMark =
        () -> {
          afterMark = () -> {};
          marked.countDown();
          assertTrue(goOn.await(60, TimeUnit.SECONDS));
        };
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> first = threads.submit(world::collect);
      assertTrue(marked.await(60, TimeUnit.SECONDS));
      Digest late = blob(stores, "late", Map.of());
      Future<?> second = threads.submit(world::collect);
      Future<?> third = threads.submit(world::collect);

      goOn.countDown();
      first.get(60, TimeUnit.SECONDS);
      second.get(60, TimeUnit.SECONDS);
      third.get(60, TimeUnit.SECONDS);

      assertThrows(NotFoundException.class, () -> stores.content().info(late));
    }
  }
}
