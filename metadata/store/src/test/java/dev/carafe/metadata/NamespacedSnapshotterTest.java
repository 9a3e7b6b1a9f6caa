package dev.carafe.metadata;

import static dev.carafe.metadata.World.NAMESPACE;
import static dev.carafe.metadata.World.SNAPSHOTTER;
import static dev.carafe.metadata.World.key;
import static dev.carafe.metadata.World.layer;
import static dev.carafe.metadata.World.refs;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.Stores;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.snapshots.Capability;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import dev.carafe.testkit.snapshots.MemorySnapshotter;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the namespace adds to a snapshotter. */
@ExtendWith(LeakCheck.class)
class NamespacedSnapshotterTest {
  private static final String REF = "containerd.io/snapshot.ref";

  private World world;
  private WorkDirectory directory;
  private Stores stores;
  private Snapshotter snapshots;

  @BeforeEach
  void open(WorkDirectory directory) {
    this.directory = directory;
    world = directory.closeLater(new World(directory.path()));
    stores = world.stores();
    snapshots = stores.snapshotter(SNAPSHOTTER);
  }

  private Set<String> heldBy(Lease lease) {
    return stores.leases().resources(lease.id()).stream()
        .map(resource -> resource.type() + " " + resource.id())
        .collect(Collectors.toSet());
  }

  private Map<String, String> backendLabels(String suffix) {
    String name =
        world.backendSnapshots().stream()
            .filter(key -> key.endsWith("/" + suffix))
            .findFirst()
            .orElseThrow();
    return world.snapshotter.stat(key(name)).labels();
  }

  private void commit(Stores stores, String key, String name, Map<String, String> labels) {
    stores.snapshotter(SNAPSHOTTER).commit(new CommitRequest(key(key), key(name), null, labels));
  }

  @Test
  void unknownSnapshotterIsNotFound() {
    var failure = assertThrows(NotFoundException.class, () -> stores.snapshotter("zfs"));
    assertEquals("snapshotter \"zfs\": not found", failure.getMessage());
  }

  @Test
  void keysOfNamespacesDoNotMeet() {
    Snapshotter other = world.stores("other").snapshotter(SNAPSHOTTER);
    snapshots.prepare(key("k"), null, Map.of());
    assertThrows(NotFoundException.class, () -> other.stat(key("k")));
    assertThrows(NotFoundException.class, () -> other.prepare(key("x"), key("k"), Map.of()));
    other.view(key("k"), null, Map.of());

    assertTrue(snapshots.stat(key("k")) instanceof Snapshot.Active);
    assertTrue(other.stat(key("k")) instanceof Snapshot.View);
    assertEquals(2, world.backendSnapshots().size());
    for (String name : world.backendSnapshots()) {
      assertTrue(name.matches("(default|other)/[0-9]+/k"), name);
    }
  }

  @Test
  void backendSeesOnlyItsLabels() {
    Map<String, String> labels =
        Map.of("mine", "1", "containerd.io/snapshot/x", "2", "containerd.io/gc.root", "3");
    snapshots.prepare(key("a"), null, labels);

    assertEquals(labels, snapshots.stat(key("a")).labels());
    assertEquals(Map.of("containerd.io/snapshot/x", "2"), backendLabels("a"));

    snapshots.updateLabels(
        key("a"), _ -> Map.of("mine", "4", "containerd.io/snapshot/y", "5", "empty", ""));
    assertEquals(
        Map.of("mine", "4", "containerd.io/snapshot/y", "5"), snapshots.stat(key("a")).labels());
    assertEquals(Map.of("containerd.io/snapshot/y", "5"), backendLabels("a"));

    commit(stores, "a", "c", Map.of("m", "6", "containerd.io/snapshot/z", "7"));
    assertEquals(
        Map.of("m", "6", "containerd.io/snapshot/z", "7"), snapshots.stat(key("c")).labels());
    assertEquals(Map.of("containerd.io/snapshot/z", "7"), backendLabels("c"));
  }

  @Test
  void labelsOfTheBackendShowThroughAndStay() {
    snapshots.prepare(key("a"), null, Map.of("containerd.io/snapshot/mine", "1"));
    String own = "containerd.io/snapshot/overlay.upperdir";
    world.snapshotter.updateLabels(
        key(world.backendSnapshots().iterator().next()),
        labels -> {
          var more = new HashMap<>(labels);
          more.put(own, "/upper");
          return more;
        });

    snapshots.updateLabels(key("a"), _ -> Map.of("containerd.io/snapshot/new", "2"));

    assertEquals(
        Map.of(own, "/upper", "containerd.io/snapshot/new", "2"),
        snapshots.stat(key("a")).labels());
    snapshots.forEach(found -> assertEquals(snapshots.stat(key("a")), found));
  }

  @Test
  void messagesNameTheCallersKeys() {
    layer(stores, "base", null);
    snapshots.prepare(key("active"), key("base"), Map.of());
    record Case(Class<? extends Exception> type, String message, Runnable call) {}
    for (Case one :
        List.of(
            new Case(
                NotFoundException.class,
                "snapshot \"x\": not found",
                () -> snapshots.stat(key("x"))),
            new Case(
                NotFoundException.class,
                "parent snapshot \"x\": not found",
                () -> snapshots.prepare(key("y"), key("x"), Map.of())),
            new Case(
                FailedPreconditionException.class,
                "parent snapshot \"active\": is not committed",
                () -> snapshots.view(key("y"), key("active"), Map.of())),
            new Case(
                AlreadyExistsException.class,
                "snapshot \"active\": already exists",
                () -> snapshots.prepare(key("active"), null, Map.of())),
            new Case(
                FailedPreconditionException.class,
                "snapshot \"base\": cannot remove snapshot with child",
                () -> snapshots.remove(key("base"))),
            new Case(
                AlreadyExistsException.class,
                "snapshot \"base\": already exists",
                () -> commit(stores, "active", "base", Map.of())),
            new Case(
                InvalidArgumentException.class,
                "label key must not be empty",
                () -> snapshots.prepare(key("y"), null, Map.of("", "x"))))) {
      assertEquals(one.message(), assertThrows(one.type(), one.call()::run).getMessage());
    }
  }

  @Test
  void leaseFollowsTheSnapshotFromKeyToName() {
    Lease lease = stores.leases().create("l", Map.of());
    world.leased(lease).snapshotter(SNAPSHOTTER).prepare(key("a"), null, Map.of());
    assertEquals(Set.of("snapshots/memory a"), heldBy(lease));
    commit(world.leased(lease), "a", "c", Map.of());
    assertEquals(Set.of("snapshots/memory c"), heldBy(lease));
    world.leased(lease).snapshotter(SNAPSHOTTER).remove(key("c"));
    assertEquals(Set.of(), heldBy(lease));
  }

  @Test
  void leaseHoldsASnapshotThatWasThere() {
    layer(stores, "c", null);
    snapshots.prepare(key("a"), null, Map.of());
    Lease prepared = stores.leases().create("prepared", Map.of());
    Lease committed = stores.leases().create("committed", Map.of());

    assertThrows(
        AlreadyExistsException.class,
        () -> world.leased(prepared).snapshotter(SNAPSHOTTER).prepare(key("c"), null, Map.of()));
    assertThrows(
        AlreadyExistsException.class, () -> commit(world.leased(committed), "a", "c", Map.of()));

    assertEquals(Set.of("snapshots/memory c"), heldBy(prepared));
    assertEquals(Set.of("snapshots/memory c"), heldBy(committed));
  }

  @Test
  void unknownLeaseLeavesNothingBehind() {
    Snapshotter leased = world.metadata().stores(NAMESPACE, "gone").snapshotter(SNAPSHOTTER);
    assertThrows(NotFoundException.class, () -> leased.prepare(key("a"), null, Map.of()));
    assertThrows(NotFoundException.class, () -> snapshots.stat(key("a")));
    world.collect();
    assertEquals(Set.of(), world.backendSnapshots());
  }

  @Test
  void eventsOfSnapshots() {
    layer(stores, "base", null);
    snapshots.view(key("v"), key("base"), Map.of());
    snapshots.remove(key("v"));
    assertEquals(
        List.of(
            new Event.SnapshotPrepared("making base", "", SNAPSHOTTER),
            new Event.SnapshotCommitted("making base", "base", SNAPSHOTTER),
            new Event.SnapshotRemoved("v", SNAPSHOTTER)),
        world.events.take());
  }

  @Test
  void removeIsMetadataOnlyUntilCleanup() {
    snapshots.prepare(key("a"), null, Map.of());
    snapshots.remove(key("a"));
    assertEquals(1, world.backendSnapshots().size());
    snapshots.prepare(key("a"), null, Map.of());
    assertEquals(2, world.backendSnapshots().size());

    snapshots.cleanup();

    assertEquals(1, world.backendSnapshots().size());
    snapshots.mounts(key("a"));
  }

  @Test
  void snapshotThatTheBackendLostMakesRoom() {
    layer(stores, "c", null);
    snapshots.prepare(key("a"), null, Map.of());
    for (String name : world.backendSnapshots()) {
      world.snapshotter.remove(key(name));
    }
    assertEquals(
        "snapshot \"c\": not found",
        assertThrows(NotFoundException.class, () -> snapshots.stat(key("c"))).getMessage());
    assertThrows(NotFoundException.class, () -> snapshots.mounts(key("a")));

    snapshots.prepare(key("a"), null, Map.of());
    snapshots.prepare(key("b"), null, Map.of());
    snapshots.prepare(key("c"), null, Map.of());

    assertEquals(Set.of("a", "b", "c"), World.snapshots(stores));
  }

  @Test
  void parentAtCommitIsRecorded() {
    layer(stores, "base", null);
    snapshots.prepare(key("a"), null, Map.of());
    snapshots.commit(new CommitRequest(key("a"), key("c"), key("base"), Map.of()));
    assertEquals(key("base"), snapshots.stat(key("c")).parent());
    assertThrows(FailedPreconditionException.class, () -> snapshots.remove(key("base")));
    snapshots.remove(key("c"));
    snapshots.remove(key("base"));
    world.collect();
    assertEquals(Set.of(), world.backendSnapshots());
  }

  @Test
  void refusedCommitLeavesNoTrace() {
    layer(stores, "base", null);
    snapshots.prepare(key("a"), null, Map.of());
    Snapshotter refusing =
        world
            .open(
                world.database,
                world.content,
                Map.of(SNAPSHOTTER, failing(world.snapshotter, "commit")))
            .stores(NAMESPACE)
            .snapshotter(SNAPSHOTTER);
    assertThrows(
        UnimplementedException.class,
        () -> refusing.commit(new CommitRequest(key("a"), key("c"), key("base"), Map.of())));

    snapshots.remove(key("base"));
    commit(stores, "a", "c", Map.of());
    assertEquals(Set.of("c"), World.snapshots(stores));
  }

  @Test
  void cleanupIsThereWhateverTheBackendCanDo() {
    Snapshotter plain =
        world
            .open(
                world.database,
                world.content,
                Map.of("plain", new MemorySnapshotter(directory.path())))
            .stores(NAMESPACE)
            .snapshotter("plain");
    assertTrue(plain.capabilities().contains(Capability.CLEANUP));
    assertFalse(plain.capabilities().contains(Capability.REBASE));
    plain.cleanup();
    assertThrows(
        UnimplementedException.class,
        () -> plain.commit(new CommitRequest(key("a"), key("b"), key("c"), Map.of())));
  }

  @Test
  void snapshotThatTheBackendMadeForALabelIsAdopted() {
    Remote remote = new Remote(world.snapshotter);
    NamespacedMetadata metadata =
        world.open(world.database, world.content, Map.of(SNAPSHOTTER, remote.proxy()));
    Stores plain = metadata.stores(NAMESPACE);
    Lease lease = plain.leases().create("l", Map.of());
    Snapshotter leased = metadata.stores(NAMESPACE, "l").snapshotter(SNAPSHOTTER);
    Map<String, String> labels = Map.of(REF, "chain", "mine", "1");

    for (int i = 0; i < 2; i++) {
      var answer =
          assertThrows(
              AlreadyExistsException.class, () -> leased.prepare(key("extract"), null, labels));
      assertEquals("snapshot \"chain\": already exists", answer.getMessage());
    }

    assertTrue(leased.stat(key("chain")) instanceof Snapshot.Committed);
    assertEquals(labels, leased.stat(key("chain")).labels());
    assertEquals(Set.of("snapshots/memory chain"), heldBy(lease));
    assertEquals(1, remote.made);
    leased.prepare(key("child"), key("chain"), Map.of());
    leased.remove(key("child"));

    plain.leases().delete("l");
    collect(metadata);
    assertEquals(Set.of(), world.backendSnapshots());
  }

  @Test
  void adoptedSnapshotIsSharedByNamespacesUntilTheLastLetsGo() {
    Remote remote = new Remote(world.snapshotter);
    NamespacedMetadata metadata =
        world.open(world.database, world.content, Map.of(SNAPSHOTTER, remote.proxy()));
    Map<String, String> labels = Map.of(REF, "chain", "containerd.io/gc.root", "1");
    for (String namespace : List.of("one", "two")) {
      Snapshotter one = metadata.stores(new Namespace(namespace)).snapshotter(SNAPSHOTTER);
      assertThrows(AlreadyExistsException.class, () -> one.prepare(key("extract"), null, labels));
    }
    assertEquals(1, remote.made);

    for (String namespace : List.of("one", "two")) {
      collect(metadata);
      assertEquals(1, world.backendSnapshots().size());
      metadata.stores(new Namespace(namespace)).snapshotter(SNAPSHOTTER).remove(key("chain"));
    }
    collect(metadata);
    assertEquals(Set.of(), world.backendSnapshots());
  }

  @Test
  void labelOfATargetThatIsThereNeedsNoBackend() {
    layer(stores, "chain", null);
    Snapshotter refusing =
        world
            .open(
                world.database,
                world.content,
                Map.of(SNAPSHOTTER, failing(world.snapshotter, "prepare")))
            .stores(NAMESPACE)
            .snapshotter(SNAPSHOTTER);
    assertThrows(
        AlreadyExistsException.class,
        () -> refusing.prepare(key("extract"), null, Map.of(REF, "chain")));
  }

  @Test
  void labelThatTheBackendDoesNotCareForIsALabel() {
    snapshots.prepare(key("extract"), null, Map.of(REF, "chain"));
    assertEquals(Map.of(REF, "chain"), backendLabels("extract"));
    assertThrows(NotFoundException.class, () -> snapshots.stat(key("chain")));
  }

  @Test
  void collectionKeepsLabelledSnapshotsOnly() {
    layer(stores, "a", null);
    layer(stores, "b", null);
    snapshots.updateLabels(key("a"), _ -> refs("root", "1"));
    world.collect();
    assertEquals(Set.of("a"), World.snapshots(stores));
  }

  private static void collect(NamespacedMetadata metadata) {
    try {
      metadata.collector().collect();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static Snapshotter failing(Snapshotter target, String method) {
    return (Snapshotter)
        Proxy.newProxyInstance(
            Snapshotter.class.getClassLoader(),
            new Class<?>[] {Snapshotter.class},
            (_, called, arguments) -> {
              if (called.getName().equals(method)) {
                throw new UnimplementedException("on purpose");
              }
              return Calls.invoke(target, called, arguments);
            });
  }

  /** A snapshotter that has every layer that a label names. */
  private static final class Remote {
    private final Snapshotter target;
    private int made;

    Remote(Snapshotter target) {
      this.target = target;
    }

    Snapshotter proxy() {
      return (Snapshotter)
          Proxy.newProxyInstance(
              Snapshotter.class.getClassLoader(),
              new Class<?>[] {Snapshotter.class},
              (_, called, arguments) -> {
                if (called.getName().equals("prepare")) {
                  make(arguments);
                }
                return Calls.invoke(target, called, arguments);
              });
    }

    @SuppressWarnings("unchecked")
    private void make(Object[] arguments) {
      Map<String, String> labels = (Map<String, String>) arguments[2];
      String ref = labels.get(REF);
      if (ref == null) {
        return;
      }
      SnapshotKey name = key("remote " + ref);
      boolean[] there = {false};
      target.forEach(snapshot -> there[0] |= snapshot.key().equals(name));
      if (!there[0]) {
        made++;
        target.prepare(key("fetching"), (SnapshotKey) arguments[1], labels);
        target.commit(new CommitRequest(key("fetching"), name, null, labels));
      }
      throw new AlreadyExistsException("target snapshot \"" + ref + "\": already exists");
    }
  }
}
