package dev.carafe.metadata;

import static dev.carafe.metadata.World.NAMESPACE;
import static dev.carafe.metadata.World.SNAPSHOTTER;
import static dev.carafe.metadata.World.blob;
import static dev.carafe.metadata.World.key;
import static dev.carafe.metadata.World.refs;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.engine.stores.Stores;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.metadata.MetadataDatabase;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import dev.carafe.testkit.snapshots.MemorySnapshotter;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Back ends and databases that fail, or of which nobody knows whether they did. */
@ExtendWith(LeakCheck.class)
class BackendFailureTest {
  private World world;
  private WorkDirectory directory;
  private volatile Failure failure = (_, _) -> null;

  /** Decides before and after a call whether it fails. */
  @FunctionalInterface
  private interface Failure {
    @Nullable DaemonException of(String method, boolean after);
  }

  @BeforeEach
  void open(WorkDirectory directory) {
    this.directory = directory;
    world = directory.closeLater(new World(directory.path()));
  }

  private <T> T failing(Class<T> type, T target) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) -> {
              DaemonException before = failure.of(method.getName(), false);
              if (before != null) {
                throw before;
              }
              if (method.getName().equals("deleteAll")) {
                return InvocationHandler.invokeDefault(self, method, arguments);
              }
              Object result = Calls.invoke(target, method, arguments);
              DaemonException after = failure.of(method.getName(), true);
              if (after != null) {
                throw after;
              }
              return result;
            }));
  }

  private static Failure before(String name, Function<String, DaemonException> how) {
    return (method, after) -> !after && method.equals(name) ? how.apply("on purpose") : null;
  }

  private static Failure after(String name, Function<String, DaemonException> how) {
    return (method, after) -> after && method.equals(name) ? how.apply("on purpose") : null;
  }

  private NamespacedMetadata metadata() {
    return world.open(
        failing(MetadataDatabase.class, world.database),
        failing(ContentStore.class, world.content),
        Map.of(SNAPSHOTTER, failing(Snapshotter.class, world.snapshotter)));
  }

  private static void collect(NamespacedMetadata metadata) {
    try {
      metadata.collector().collect();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * An earlier daemon may have been killed after it removed snapshots and before it freed space.
   */
  @Test
  void spaceIsFreedAfterAStartAndAgainAfterAFailure() throws InterruptedException {
    BlockingQueue<Integer> calls = new LinkedBlockingQueue<>();
    AtomicInteger count = new AtomicInteger();
    failure =
        (method, after) -> {
          if (after || !method.equals("cleanup")) {
            return null;
          }
          calls.add(count.incrementAndGet());
          return count.get() == 1 ? new UnavailableException("on purpose") : null;
        };
    NamespacedMetadata metadata = metadata();
    // Freeing is off the collection's path: only what it does next shows that it has failed.
    collect(metadata);
    assertEquals(1, calls.poll(10, TimeUnit.SECONDS));
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (calls.isEmpty() && System.nanoTime() < end) {
      collect(metadata);
    }
    assertEquals(2, calls.poll(10, TimeUnit.SECONDS));
  }

  @Test
  void oneFailingSnapshotterDoesNotStopTheOthers() {
    Snapshotter healthy = new MemorySnapshotter(directory.path());
    NamespacedMetadata metadata =
        world.open(
            world.database,
            world.content,
            Map.of("failing", failing(Snapshotter.class, world.snapshotter), "healthy", healthy));
    Stores stores = metadata.stores(NAMESPACE);
    stores.snapshotter("failing").prepare(key("a"), null, Map.of());
    stores.snapshotter("healthy").prepare(key("a"), null, Map.of());
    blob(stores, "x", Map.of());
    failure = before("remove", ResourceExhaustedException::new);

    collect(metadata);

    assertEquals(1, world.backendSnapshots().size());
    healthy.forEach(snapshot -> {
      throw new AssertionError(snapshot);
    });
    assertEquals(Set.of(), world.backendBlobs());
    failure = (_, _) -> null;
    collect(metadata);
    assertEquals(Set.of(), world.backendSnapshots());
  }

  @Test
  void hangingBackEndRestsAndDoesNotHoldUpTheNextCollection() {
    NamespacedMetadata metadata = metadata();
    metadata.stores(NAMESPACE).snapshotter(SNAPSHOTTER).prepare(key("a"), null, Map.of());
    int[] calls = {0};
    failure =
        (method, after) -> {
          if (!after && method.equals("remove")) {
            calls[0]++;
            return new DeadlineExceededException("on purpose");
          }
          return null;
        };
    for (int i = 0; i < 3; i++) {
      collect(metadata);
    }
    assertEquals(1, calls[0]);
  }

  /** What {@code rm --sync} waits for: not for a proxy that has stopped answering. */
  @Test
  void collectionEndsWithoutABackEndThatDoesNothing() throws Exception {
    // Given
    world.config = MetadataConfig.DEFAULT.withBackendPatience(Duration.ofMillis(200));
    NamespacedMetadata metadata = metadata();
    Snapshotter snapshots = metadata.stores(NAMESPACE).snapshotter(SNAPSHOTTER);
    snapshots.prepare(key("a"), null, Map.of());
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch letGo = new CountDownLatch(1);
    AtomicInteger calls = new AtomicInteger();
    failure =
        (method, after) -> {
          if (!after && method.equals("remove") && calls.getAndIncrement() == 0) {
            asked.countDown();
            awaitQuietly(letGo);
          }
          return null;
        };

    // When
    collect(metadata);

    // Then
    assertEquals(0, asked.getCount());
    assertEquals(1, world.backendSnapshots().size());

    // When another collection comes while it hangs
    snapshots.prepare(key("b"), null, Map.of());
    blob(metadata.stores(NAMESPACE), "x", Map.of());
    collect(metadata);

    // Then the others are swept, and it is not asked again
    assertEquals(Set.of(), world.backendBlobs());
    assertEquals(1, calls.get());

    // When
    letGo.countDown();

    // Then what became garbage meanwhile goes as well
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!world.backendSnapshots().isEmpty() && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertEquals(Set.of(), world.backendSnapshots());
    metadata.close();
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      if (!latch.await(60, TimeUnit.SECONDS)) {
        throw new AssertionError("never let go");
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void blobsGoTogether() {
    // Given
    NamespacedMetadata metadata = metadata();
    for (int i = 0; i < 20; i++) {
      blob(metadata.stores(NAMESPACE), "blob " + i, Map.of());
    }
    AtomicInteger calls = new AtomicInteger();
    failure =
        (method, after) -> {
          if (!after && method.equals("deleteAll")) {
            calls.incrementAndGet();
          }
          return null;
        };

    // When
    collect(metadata);

    // Then
    assertEquals(Set.of(), world.backendBlobs());
    assertEquals(1, calls.get());
  }

  @Test
  void oneBlobThatCannotBeRemovedKeepsNoOther() {
    // Given
    NamespacedMetadata metadata = metadata();
    blob(metadata.stores(NAMESPACE), "a", Map.of());
    blob(metadata.stores(NAMESPACE), "b", Map.of());
    blob(metadata.stores(NAMESPACE), "c", Map.of());
    AtomicInteger removals = new AtomicInteger();
    failure =
        (method, after) ->
            !after && method.equals("delete") && removals.incrementAndGet() <= 2
                ? new UnavailableException("on purpose")
                : null;

    // When together it fails, and then for the first
    collect(metadata);

    // Then
    assertEquals(1, world.backendBlobs().size());

    // When it is asked again
    collect(metadata);

    // Then
    assertEquals(Set.of(), world.backendBlobs());
  }

  @Test
  void blobWhoseRemovalHangsIsNotGivenToAnybody() {
    NamespacedMetadata metadata = metadata();
    Stores stores = metadata.stores(NAMESPACE);
    Digest digest = blob(stores, "x", Map.of());
    failure = before("delete", DeadlineExceededException::new);
    collect(metadata);
    failure = (_, _) -> null;

    try (var writer = stores.content().writer(new IngestRequest("r", 1, digest))) {
      // Not shared, as it may go at any time.
      assertEquals(0, writer.status().offset());
    }
  }

  @Test
  void snapshotIsFoundAgainWhenNobodyKnowsWhetherItsRecordWasWritten() {
    NamespacedMetadata metadata = metadata();
    Snapshotter snapshots = metadata.stores(NAMESPACE).snapshotter(SNAPSHOTTER);
    snapshots.prepare(key("first"), null, refs("root", "1"));
    failure = after("update", UnavailableException::new);
    assertThrows(
        UnavailableException.class, () -> snapshots.prepare(key("a"), null, refs("root", "1")));
    failure = (_, _) -> null;

    collect(metadata);
    collect(metadata);

    snapshots.mounts(key("a"));
    assertEquals(2, world.backendSnapshots().size());
  }

  @Test
  void commitThatFailedOnlyForTheCallerIsFinished() {
    NamespacedMetadata metadata = metadata();
    Snapshotter snapshots = metadata.stores(NAMESPACE).snapshotter(SNAPSHOTTER);
    snapshots.prepare(key("a"), null, Map.of());
    failure = after("commit", CancelledException::new);

    assertThrows(
        CancelledException.class,
        () -> snapshots.commit(new CommitRequest(key("a"), key("c"), null, refs("root", "1"))));

    assertEquals(Set.of("c"), names(snapshots));
    failure = (_, _) -> null;
    collect(metadata);
    snapshots.stat(key("c"));
  }

  @Test
  void commitThatTheBackEndDoesNotAnswerForIsSettledByTheNextCollection() {
    NamespacedMetadata metadata = metadata();
    Snapshotter snapshots = metadata.stores(NAMESPACE).snapshotter(SNAPSHOTTER);
    snapshots.prepare(key("a"), null, refs("root", "1"));
    snapshots.prepare(key("b"), null, refs("root", "1"));
    failure =
        (method, after) ->
            (after && method.equals("commit")) || (!after && method.equals("stat"))
                ? new UnavailableException("on purpose")
                : null;
    assertThrows(
        UnavailableException.class,
        () -> snapshots.commit(new CommitRequest(key("a"), key("c"), null, refs("root", "1"))));
    failure =
        (method, after) ->
            !after && (method.equals("commit") || method.equals("stat"))
                ? new UnavailableException("on purpose")
                : null;
    assertThrows(
        UnavailableException.class,
        () -> snapshots.commit(new CommitRequest(key("b"), key("d"), null, refs("root", "1"))));
    collect(metadata);
    assertEquals(Set.of("a", "b"), names(snapshots));
    failure = (_, _) -> null;

    collect(metadata);

    assertEquals(Set.of("b", "c"), names(snapshots));
    assertEquals(2, world.backendSnapshots().size());
    snapshots.mounts(key("b"));
    assertThrows(NotFoundException.class, () -> snapshots.stat(key("a")));
  }

  @Test
  void fullDatabaseLeavesGarbageAndNoRecord() {
    NamespacedMetadata metadata = metadata();
    Stores stores = metadata.stores(NAMESPACE);
    stores.snapshotter(SNAPSHOTTER).prepare(key("first"), null, refs("root", "1"));
    failure = before("update", ResourceExhaustedException::new);
    assertThrows(
        ResourceExhaustedException.class,
        () -> stores.snapshotter(SNAPSHOTTER).prepare(key("a"), null, Map.of()));
    failure = (_, _) -> null;
    assertEquals(2, world.backendSnapshots().size());

    collect(metadata);

    assertEquals(1, world.backendSnapshots().size());
  }

  @Test
  void watermarkThatCannotBeWrittenStopsNothing() throws IOException {
    NamespacedMetadata metadata = metadata();
    blob(metadata.stores(NAMESPACE), "x", Map.of());
    Path watermark = world.root.resolve("watermark");
    Files.delete(watermark);
    Files.createDirectories(watermark.resolve("in the way"));

    collect(metadata);

    assertEquals(Set.of(), world.backendBlobs());
    metadata.close();
    metadata();
  }

  private static Set<String> names(Snapshotter snapshots) {
    Set<String> names = new TreeSet<>();
    snapshots.forEach(snapshot -> names.add(snapshot.key().value()));
    return names;
  }
}
