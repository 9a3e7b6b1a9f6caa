package dev.carafe.metadata;

import static dev.carafe.metadata.World.NAMESPACE;
import static dev.carafe.metadata.World.SNAPSHOTTER;
import static dev.carafe.metadata.World.key;
import static dev.carafe.metadata.World.refs;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.Stores;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.ObjIntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The daemon dies before and after every step that lasts; the next one must not mind. */
@ExtendWith(LeakCheck.class)
class CrashTest {
  private static final int MANY = 400;

  /**
   * Runs {@code work} in fresh worlds, killed one step later each time, until it survives.
   *
   * @param check looks at the restarted world; gets the number of the step
   */
  private static void killEverywhere(
      WorkDirectory directory,
      Consumer<World> before,
      Consumer<NamespacedMetadata> work,
      ObjIntConsumer<World> check) {
    for (int fatal = 1; fatal < MANY; fatal++) {
      try (World world = new World(directory.path())) {
        before.accept(world);
        world.close();
        CrashPoints points = new CrashPoints(fatal);
        try {
          work.accept(
              world.open(
                  points.database(world.database),
                  points.content(world.content),
                  Map.of(SNAPSHOTTER, points.snapshotter(world.snapshotter))));
        } catch (CrashPoints.Crash e) {
          assertTrue(points.crashed());
        }
        points.bury();
        world.restart();
        check.accept(world, fatal);
        if (!points.crashed()) {
          assertTrue(fatal > 4, "nothing happened");
          return;
        }
      }
    }
    throw new AssertionError("the work never ends");
  }

  private static void assertNothingIsLeft(World world, int fatal) {
    world.collect();
    assertEquals(Set.of(), world.backendBlobs(), () -> "blobs after step " + fatal);
    assertEquals(Set.of(), world.backendIngests(), () -> "ingests after step " + fatal);
    assertEquals(Set.of(), world.backendSnapshots(), () -> "snapshots after step " + fatal);
  }

  private static void pull(NamespacedMetadata metadata) {
    Stores plain = metadata.stores(NAMESPACE);
    Lease lease;
    try {
      lease = plain.leases().create("pull", Map.of());
    } catch (AlreadyExistsException e) {
      lease = plain.leases().get("pull");
    }
    Stores stores = metadata.stores(NAMESPACE, lease.id());
    Digest layer = World.blobIfAbsent(stores, "layer", Map.of());
    Digest config =
        World.blobIfAbsent(stores, "config", refs("ref.snapshot." + SNAPSHOTTER, "chain"));
    Digest manifest =
        World.blobIfAbsent(
            stores,
            "manifest",
            refs("ref.content.config", config.toString(), "ref.content.l.0", layer.toString()));
    Snapshotter snapshots = stores.snapshotter(SNAPSHOTTER);
    if (World.snapshots(stores).contains("extract")) {
      snapshots.remove(key("extract"));
    }
    try {
      snapshots.stat(key("chain"));
      stores
          .leases()
          .addResource(lease.id(), new Lease.Resource("snapshots/" + SNAPSHOTTER, "chain"));
    } catch (NotFoundException e) {
      snapshots.prepare(key("extract"), null, Map.of());
      snapshots.commit(new CommitRequest(key("extract"), key("chain"), null, Map.of()));
    }
    World.image(plain, "image", manifest, Map.of());
    plain.leases().delete(lease.id());
  }

  private static void assertPulled(World world, int fatal) {
    Stores stores = world.stores();
    Set<Digest> expected =
        new TreeSet<>(
            Set.of(
                Digest.of(World.bytes("layer")),
                Digest.of(World.bytes("config")),
                stores.images().get("image").target().digest()));
    world.collect();
    assertEquals(expected, World.blobs(stores), () -> "blobs after step " + fatal);
    assertEquals(expected, world.backendBlobs(), () -> "backend blobs after step " + fatal);
    assertEquals(Set.of(), world.backendIngests(), () -> "ingests after step " + fatal);
    assertEquals(Set.of("chain"), World.snapshots(stores), () -> "snapshots after step " + fatal);
    assertEquals(1, world.backendSnapshots().size(), () -> "backend after step " + fatal);
    for (Digest digest : expected) {
      try (BlobReader reader = stores.content().open(digest)) {
        assertEquals(digest, Digest.of(reader.readAll(1 << 20)));
      }
    }
    stores.snapshotter(SNAPSHOTTER).stat(key("chain"));
  }

  @Test
  void killedPullSucceedsTheNextTime(WorkDirectory directory) {
    killEverywhere(
        directory,
        World::metadata,
        CrashTest::pull,
        (world, fatal) -> {
          pull(world.metadata());
          assertPulled(world, fatal);
        });
  }

  @Test
  void killedPullThatNobodyRepeatsLeavesNothing(WorkDirectory directory) {
    killEverywhere(
        directory,
        World::metadata,
        CrashTest::pull,
        (world, fatal) -> {
          Stores stores = world.stores();
          stores.leases().list().forEach(lease -> stores.leases().delete(lease.id()));
          stores.images().list().forEach(image -> stores.images().delete(image.name(), null));
          assertNothingIsLeft(world, fatal);
          assertEquals(Set.of(), World.blobs(stores));
          assertEquals(Set.of(), World.snapshots(stores));
        });
  }

  @Test
  void killedPullIsFinishedWhileCollecting(WorkDirectory directory) {
    killEverywhere(
        directory,
        World::metadata,
        CrashTest::pull,
        (world, fatal) -> {
          world.collect();
          pull(world.metadata());
          assertPulled(world, fatal);
        });
  }

  @Test
  void killedCommitLeavesTheSnapshotUnderOneOfItsKeys(WorkDirectory directory) {
    killEverywhere(
        directory,
        world -> {
          Stores stores = world.stores();
          stores.leases().create("lease", Map.of());
          SnapshotKey base = World.layer(stores, "base", null);
          stores.snapshotter(SNAPSHOTTER).prepare(key("active"), base, refs("root", "1"));
          stores.snapshotter(SNAPSHOTTER).prepare(key("free"), null, refs("root", "1"));
        },
        metadata -> {
          Stores stores = metadata.stores(NAMESPACE, "lease");
          Snapshotter snapshots = stores.snapshotter(SNAPSHOTTER);
          Map<String, String> held = Map.of(Labels.GC_ROOT, "1");
          snapshots.commit(new CommitRequest(key("active"), key("done"), null, held));
          snapshots.commit(new CommitRequest(key("free"), key("rebased"), key("base"), held));
        },
        (world, fatal) -> {
          world.collect();
          Snapshotter snapshots = world.stores().snapshotter(SNAPSHOTTER);
          Set<String> found = World.snapshots(world.stores());
          assertTrue(found.contains("base"), () -> found + " after step " + fatal);
          assertTrue(
              found.contains("active") ^ found.contains("done"),
              () -> found + " after step " + fatal);
          assertTrue(
              found.contains("free") ^ found.contains("rebased"),
              () -> found + " after step " + fatal);
          assertEquals(3, world.backendSnapshots().size());
          for (String name : found) {
            snapshots.stat(key(name));
          }
          if (found.contains("active")) {
            snapshots.remove(key("active"));
          }
          if (found.contains("free")) {
            snapshots.remove(key("free"));
            snapshots.remove(found.contains("done") ? key("done") : key("base"));
          }
          world
              .stores()
              .leases()
              .list()
              .forEach(lease -> world.stores().leases().delete(lease.id()));
          World.snapshots(world.stores())
              .forEach(name -> snapshots.updateLabels(key(name), _ -> Map.of()));
          assertNothingIsLeft(world, fatal);
        });
  }

  @Test
  void killedCollectionIsFinishedByTheNext(WorkDirectory directory) {
    killEverywhere(
        directory,
        world -> {
          pull(world.metadata());
          World.blob(world.stores(), "garbage", Map.of());
          World.layer(world.stores(), "top", World.layer(world.stores(), "below", null));
          world.stores().content().writer(new IngestRequest("partial", 0, null)).close();
          world.clock.advance(Duration.ofHours(25));
        },
        metadata -> {
          try {
            metadata.collector().collect();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        },
        CrashTest::assertPulled);
  }
}
