package dev.carafe.metadata;

import static dev.carafe.metadata.World.NAMESPACE;
import static dev.carafe.metadata.World.SNAPSHOTTER;
import static dev.carafe.metadata.World.key;
import static dev.carafe.metadata.World.refs;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.engine.stores.Image;
import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.Stores;
import dev.carafe.spi.content.BlobInfo;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Pulls, imports, removals and collections at the same time, over a few layers that many images
 * share. What an image or a lease holds must be there at any moment, half of a blob included; in
 * the end nothing else is.
 */
@ExtendWith(LeakCheck.class)
class ChurnTest {
  private static final int WORKERS = 6;
  private static final int ROUNDS = 120;
  private static final int LAYERS = 7;
  private static final long SEED = Long.getLong("carafe.seed", 20260101);

  private final AtomicBoolean over = new AtomicBoolean();

  @Test
  void nothingHeldIsLostAndNothingElseStays(WorkDirectory directory) throws Exception {
    try (World world = new World(directory.path())) {
      world.metadata();
      List<Callable<Integer>> calls = new ArrayList<>();
      for (int i = 0; i < WORKERS; i++) {
        int number = i;
        calls.add(() -> {
          Worker worker = new Worker(world.metadata(), number, new Random(SEED * 31 + number));
          for (int round = 0; round < ROUNDS; round++) {
            worker.round();
          }
          worker.endAll();
          return 0;
        });
      }
      runBesideCollections(world, calls);
      assertOnlyTheHeldStays(world);
      removeAll(world);
      world.collect();
      assertEquals(Set.of(), world.backendBlobs(), ChurnTest::seed);
      assertEquals(Set.of(), world.backendSnapshots(), ChurnTest::seed);
      assertEquals(Set.of(), world.backendIngests(), ChurnTest::seed);
    }
  }

  private void runBesideCollections(World world, List<Callable<Integer>> calls)
      throws InterruptedException {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Integer> collections =
          threads.submit(() -> {
            int count = 0;
            for (; !over.get(); count++) {
              world.metadata().collector().collect();
            }
            return count;
          });
      List<Future<Integer>> running = new ArrayList<>();
      calls.forEach(call -> running.add(threads.submit(call)));
      try {
        for (Future<Integer> one : running) {
          one.get(300, TimeUnit.SECONDS);
        }
        over.set(true);
        int count = collections.get(300, TimeUnit.SECONDS);
        assertTrue(count > 5, () -> "only " + count + " collections");
      } catch (ExecutionException e) {
        throw new AssertionError(seed() + ": " + e.getCause(), e.getCause());
      } catch (TimeoutException e) {
        throw new AssertionError(seed(), e);
      } finally {
        over.set(true);
        threads.shutdownNow();
      }
    }
  }

  private static String seed() {
    return "with -Dcarafe.seed=" + SEED;
  }

  private static void assertOnlyTheHeldStays(World world) {
    world.collect();
    Set<Digest> held = new TreeSet<>();
    Set<String> heldKeys = new TreeSet<>();
    for (Namespace namespace : world.metadata().namespaces().list()) {
      Stores stores = world.metadata().stores(namespace);
      assertEquals(List.of(), stores.leases().list(), ChurnTest::seed);
      assertEquals(List.of(), stores.activations().list(), ChurnTest::seed);
      Set<Digest> own = new TreeSet<>();
      Set<String> keys = new TreeSet<>();
      for (Image image : stores.images().list()) {
        walk(stores, image.target().digest(), own, keys);
      }
      assertEquals(own, World.blobs(stores), ChurnTest::seed);
      assertEquals(keys, World.snapshots(stores), ChurnTest::seed);
      held.addAll(own);
      keys.forEach(name -> heldKeys.add(namespace + " " + name));
    }
    assertEquals(held, world.backendBlobs(), ChurnTest::seed);
    assertEquals(heldKeys.size(), world.backendSnapshots().size(), ChurnTest::seed);
    assertEquals(Set.of(), world.backendIngests(), ChurnTest::seed);
  }

  private static void removeAll(World world) {
    for (Namespace namespace : world.metadata().namespaces().list()) {
      Stores stores = world.metadata().stores(namespace);
      stores.images().list().forEach(image -> stores.images().delete(image.name(), null));
    }
  }

  /** Looks at everything that a blob holds, bytes and snapshots included. */
  private static void walk(Stores stores, Digest digest, Set<Digest> blobs, Set<String> keys) {
    if (!blobs.add(digest)) {
      return;
    }
    BlobInfo info = stores.content().info(digest);
    try (BlobReader reader = stores.content().open(digest)) {
      assertEquals(digest, Digest.of(reader.readAll(1 << 20)));
    }
    info.labels()
        .forEach((label, value) -> {
          if (label.startsWith("containerd.io/gc.ref.content")) {
            walk(stores, Digest.parse(value), blobs, keys);
          } else if (label.startsWith("containerd.io/gc.ref.snapshot")) {
            Snapshotter snapshots = stores.snapshotter(SNAPSHOTTER);
            for (SnapshotKey at = key(value); at != null; ) {
              Snapshot snapshot = snapshots.stat(at);
              keys.add(at.value());
              at = snapshot.parent();
            }
          }
        });
  }

  /** One client. */
  private static final class Worker {
    private final NamespacedMetadata metadata;
    private final int number;
    private final Random random;
    private final Set<String> images = new HashSet<>();
    private final Deque<Tied> tied = new ArrayDeque<>();
    private final Deque<Import> imports = new ArrayDeque<>();
    private int made;

    Worker(NamespacedMetadata metadata, int number, Random random) {
      this.metadata = metadata;
      this.number = number;
      this.random = random;
    }

    void round() {
      Stores plain = metadata.stores(random.nextInt(4) == 0 ? new Namespace("other") : NAMESPACE);
      switch (random.nextInt(11)) {
        case 0, 1, 2 -> pull(plain);
        case 3 -> removeOne();
        case 4 -> litter(plain);
        case 5 -> tied.add(Tied.make(metadata, plain.namespace(), number + "-" + made++));
        case 6 -> untieOne();
        case 7, 8 -> imports.add(Import.begin(metadata, plain.namespace(), number + "-" + made++));
        case 9 -> endOneImport();
        default -> lookAtAll();
      }
    }

    private void pull(Stores plain) {
      Lease lease = plain.leases().open(Duration.ofHours(1));
      Stores stores = metadata.stores(plain.namespace(), lease.id());
      int first = random.nextInt(LAYERS);
      int count = 1 + random.nextInt(4);
      Map<String, String> children = new TreeMap<>();
      SnapshotKey chain = null;
      for (int i = 0; i < count; i++) {
        String layer = "layer " + (first + i) % LAYERS;
        children.put(
            "containerd.io/gc.ref.content.l." + i, blob(stores, layer, Map.of()).toString());
        chain = unpack(stores, chain, (chain == null ? "" : chain + "+") + (first + i) % LAYERS);
      }
      Digest config =
          blob(stores, "config " + chain, refs("ref.snapshot." + SNAPSHOTTER, "" + chain));
      children.put("containerd.io/gc.ref.content.config", config.toString());
      Digest manifest = blob(stores, "manifest " + chain, children);
      String name = "image " + number + " " + made++;
      World.image(plain, name, manifest, Map.of());
      images.add(plain.namespace() + " " + name);
      plain.leases().delete(lease.id());
      walk(plain, manifest, new TreeSet<>(), new TreeSet<>());
    }

    private Digest blob(Stores stores, String text, Map<String, String> labels) {
      Digest digest = Digest.of(World.bytes(text));
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (System.nanoTime() < end) {
        try {
          return World.blob(stores, text, labels);
        } catch (AlreadyExistsException e) {
          if (!labels.isEmpty()) {
            stores.content().updateLabels(digest, _ -> labels);
          }
          return digest;
        } catch (UnavailableException e) {
          LockSupport.parkNanos(100_000);
        }
      }
      throw new AssertionError("ref of \"" + text + "\" stays locked");
    }

    private SnapshotKey unpack(Stores stores, @Nullable SnapshotKey parent, String name) {
      Snapshotter snapshots = stores.snapshotter(SNAPSHOTTER);
      SnapshotKey chain = key(name);
      for (int tries = 0; tries < 1000; tries++) {
        SnapshotKey extract = key("extract " + number + " " + made++);
        boolean rebase = parent != null && random.nextBoolean();
        snapshots.prepare(extract, rebase ? null : parent, Map.of());
        try {
          snapshots.commit(new CommitRequest(extract, chain, rebase ? parent : null, Map.of()));
          return chain;
        } catch (AlreadyExistsException e) {
          snapshots.remove(extract);
        }
        try {
          snapshots.stat(chain);
          return chain;
        } catch (NotFoundException e) {
          // Removed between the two.
        }
      }
      throw new AssertionError("snapshot \"" + name + "\" neither is there nor can be made");
    }

    private void removeOne() {
      if (images.isEmpty()) {
        return;
      }
      String image = images.iterator().next();
      images.remove(image);
      int space = image.indexOf(' ');
      metadata
          .stores(new Namespace(image.substring(0, space)))
          .images()
          .delete(image.substring(space + 1), null);
    }

    /** Leaves behind what nothing holds, some of it half done. */
    private void litter(Stores plain) {
      Lease lease = plain.leases().open(Duration.ofHours(1));
      Stores stores = metadata.stores(plain.namespace(), lease.id());
      String name = "litter " + number + " " + made++;
      blob(stores, name, Map.of());
      stores.content().writer(new IngestRequest("partial " + name, 0, null)).close();
      stores.snapshotter(SNAPSHOTTER).prepare(key(name), null, Map.of());
      plain.leases().delete(lease.id());
    }

    private void untieOne() {
      Tied oldest = tied.poll();
      if (oldest != null) {
        oldest.look();
        oldest.end();
      }
    }

    private void endOneImport() {
      Import oldest = imports.poll();
      if (oldest == null) {
        return;
      }
      oldest.look();
      if (random.nextInt(3) == 0) {
        oldest.giveUp();
        return;
      }
      String name = "import " + number + " " + made++;
      oldest.finish(name);
      images.add(oldest.plain().namespace() + " " + name);
      walk(oldest.plain(), oldest.manifest(), new TreeSet<>(), new TreeSet<>());
    }

    void endAll() {
      while (!tied.isEmpty()) {
        untieOne();
      }
      while (!imports.isEmpty()) {
        endOneImport();
      }
    }

    private void lookAtAll() {
      tied.forEach(Tied::look);
      imports.forEach(Import::look);
      for (String image : images) {
        int space = image.indexOf(' ');
        Stores stores = metadata.stores(new Namespace(image.substring(0, space)));
        walk(
            stores,
            stores.images().get(image.substring(space + 1)).target().digest(),
            new TreeSet<>(),
            new TreeSet<>());
      }
    }
  }
}
