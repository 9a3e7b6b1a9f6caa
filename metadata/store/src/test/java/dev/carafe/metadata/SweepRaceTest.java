package dev.carafe.metadata;

import static dev.carafe.metadata.World.NAMESPACE;
import static dev.carafe.metadata.World.SNAPSHOTTER;
import static dev.carafe.metadata.World.key;
import static dev.carafe.metadata.World.refs;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.engine.stores.Stores;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.metadata.MetadataDatabase;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What happens between a look at a back end and the removals from it, one thing at a time. */
@ExtendWith(LeakCheck.class)
class SweepRaceTest {
  private static final long PATIENCE = 60;
  private static final Digest HELLO = Digest.of(World.bytes("hello"));

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private World world;
  private NamespacedMetadata metadata;
  private Stores stores;

  /** Runs when the sweep of blobs, or of snapshots, has read what the database knows. */
  private volatile Step afterKnownBlobs = () -> {};

  private volatile Step afterKnownSnapshots = () -> {};

  /**
   * Runs when the back end has made a snapshot or a blob, and the database does not know it yet.
   */
  private volatile Step afterBackend = () -> {};

  @FunctionalInterface
  private interface Step {
    void run() throws Exception;
  }

  @BeforeEach
  void open(WorkDirectory directory) {
    world = directory.closeLater(new World(directory.path()));
    metadata =
        world.open(
            hooked(
                MetadataDatabase.class,
                world.database,
                (method, result) -> {
                  if (method.equals("view") && result instanceof List<?> items) {
                    if (!items.isEmpty() && items.getFirst() instanceof BackendGarbage.Blob) {
                      afterKnownBlobs.run();
                    }
                  } else if (method.equals("view") && result instanceof Set<?>) {
                    afterKnownSnapshots.run();
                  }
                }),
            hooked(ContentStore.class, world.content, (_, _) -> {}),
            Map.of(SNAPSHOTTER, hooked(Snapshotter.class, world.snapshotter, this::made)));
    stores = metadata.stores(NAMESPACE);
  }

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @FunctionalInterface
  private interface Hook {
    void after(String method, Object result) throws Exception;
  }

  private void made(String method, Object result) throws Exception {
    if (method.equals("prepare") || method.equals("commit")) {
      afterBackend.run();
    }
  }

  private <T> T hooked(Class<T> type, T target, Hook hook) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (_, method, arguments) -> {
              Object result = Calls.invoke(target, method, arguments);
              hook.after(method.getName(), result);
              return result instanceof ContentWriter writer
                  ? hooked(ContentWriter.class, writer, this::made)
                  : result;
            }));
  }

  private void collect() throws InterruptedException {
    metadata.collector().collect();
  }

  private static void await(CountDownLatch latch) throws InterruptedException {
    assertTrue(latch.await(PATIENCE, TimeUnit.SECONDS));
  }

  private void writeHello() {
    try (ContentWriter writer = stores.content().writer(new IngestRequest("r", 0, null))) {
      writer.write(ByteBuffer.wrap(World.bytes("hello")));
      writer.commit(5, HELLO, refs("root", "1"));
    }
  }

  private void assertHello() {
    try (BlobReader reader = stores.content().open(HELLO)) {
      assertArrayEquals(World.bytes("hello"), reader.readAll(10));
    }
  }

  /** Waits until a thread waits itself, or has ended. */
  private static void awaitRest(Thread thread) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE);
    while (!Set.of(Thread.State.TIMED_WAITING, Thread.State.TERMINATED).contains(thread.getState())
        && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  /** Leaves a blob that the database does not know. */
  private void stray() {
    try (ContentWriter writer = world.content.writer(new IngestRequest("x", 0, null))) {
      writer.write(ByteBuffer.wrap(World.bytes("hello")));
      writer.commit(5, HELLO, Map.of());
    }
  }

  /** Runs {@code work}, which stops behind the back end until the sweep has read the database. */
  private void finishWorkBehindTheSweepsBack(Step work) throws Exception {
    CountDownLatch stopped = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    afterBackend =
        () -> {
          afterBackend = () -> {};
          stopped.countDown();
          await(goOn);
        };
    Future<?> working =
        threads.submit(() -> {
          work.run();
          return null;
        });
    await(stopped);
    Step finish =
        () -> {
          goOn.countDown();
          working.get(PATIENCE, TimeUnit.SECONDS);
        };
    afterKnownBlobs = finish;
    afterKnownSnapshots = finish;
    collect();
    assertTrue(working.isDone());
  }

  @Test
  void snapshotThatIsRecordedMeanwhileStays() throws Exception {
    // A second snapshot, so that the sweep has something to ask the database for.
    world.snapshotter.prepare(key("other"), null, Map.of());
    Snapshotter snapshots = stores.snapshotter(SNAPSHOTTER);
    finishWorkBehindTheSweepsBack(() -> snapshots.prepare(key("a"), null, refs("root", "1")));
    snapshots.mounts(key("a"));
    assertEquals(1, world.backendSnapshots().size());
  }

  @Test
  void blobThatIsRecordedMeanwhileStays() throws Exception {
    // A second blob, so that the sweep has something to ask the database for.
    try (ContentWriter writer = world.content.writer(new IngestRequest("other", 0, null))) {
      writer.commit(0, null, Map.of());
    }
    finishWorkBehindTheSweepsBack(this::writeHello);
    assertHello();
    assertEquals(Set.of(HELLO), world.backendBlobs());
  }

  @Test
  void strayBlobThatIsAdoptedMeanwhileStays() throws Exception {
    stray();
    afterKnownBlobs =
        () -> {
          afterKnownBlobs = () -> {};
          writeHello();
        };
    collect();
    assertHello();
  }

  @Test
  void straySnapshotThatIsAdoptedMeanwhileStays() throws Exception {
    String ref = "containerd.io/snapshot.ref";
    world.snapshotter.prepare(key("fetching"), null, Map.of(ref, "chain"));
    world.snapshotter.commit(
        new CommitRequest(key("fetching"), key("remote"), null, Map.of(ref, "chain")));
    Snapshotter snapshots = stores.snapshotter(SNAPSHOTTER);
    afterBackend =
        () -> {
          afterBackend = () -> {};
          throw new AlreadyExistsException("as a remote snapshotter says");
        };
    afterKnownSnapshots =
        () -> {
          afterKnownSnapshots = () -> {};
          assertThrows(
              AlreadyExistsException.class,
              () ->
                  snapshots.prepare(
                      key("extract"), null, Map.of(ref, "chain", "containerd.io/gc.root", "1")));
        };
    collect();
    snapshots.stat(key("chain"));
    assertTrue(world.backendSnapshots().contains("remote"));
  }

  @Test
  void writerWaitsForTheRemovalOfItsBlobAndThenBringsItBack() throws Exception {
    stray();
    CountDownLatch removing = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    NamespacedMetadata slow =
        world.open(
            world.database,
            (ContentStore)
                Proxy.newProxyInstance(
                    ContentStore.class.getClassLoader(),
                    new Class<?>[] {ContentStore.class},
                    (_, method, arguments) -> {
                      if (method.getName().equals("deleteAll")) {
                        removing.countDown();
                        await(goOn);
                      }
                      return Calls.invoke(world.content, method, arguments);
                    }),
            Map.of(SNAPSHOTTER, world.snapshotter));
    stores = slow.stores(NAMESPACE);
    Future<?> collection = threads.submit(() -> slow.collector().collect());
    await(removing);
    Thread writing = Thread.ofVirtual().start(this::writeHello);
    awaitRest(writing);
    assertTrue(writing.isAlive());
    goOn.countDown();
    collection.get(PATIENCE, TimeUnit.SECONDS);
    assertTrue(writing.join(Duration.ofSeconds(PATIENCE)));
    assertHello();
  }
}
