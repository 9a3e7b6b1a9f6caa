package dev.carafe.metadata;

import static dev.carafe.metadata.World.NAMESPACE;
import static dev.carafe.metadata.World.SNAPSHOTTER;
import static dev.carafe.metadata.World.blob;
import static dev.carafe.metadata.World.layer;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.engine.stores.Container;
import dev.carafe.engine.stores.Identifiers;
import dev.carafe.engine.stores.Image;
import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.NamespaceStore;
import dev.carafe.engine.stores.Stores;
import dev.carafe.engine.stores.TaskRecord;
import dev.carafe.engine.stores.TypedValue;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Namespaces, images, containers, leases and tasks. */
@ExtendWith(LeakCheck.class)
class TablesTest {
  private static final Digest A = Digest.of(World.bytes("a"));
  private static final Digest B = Digest.of(World.bytes("b"));

  private World world;
  private Stores stores;
  private NamespaceStore namespaces;

  @BeforeEach
  void open(WorkDirectory directory) {
    world = directory.closeLater(new World(directory.path()));
    stores = world.stores();
    namespaces = world.metadata().namespaces();
  }

  private static Image image(String name, Digest target, Map<String, String> labels) {
    return Image.of(name, new Descriptor("application/x", target, 1), labels);
  }

  private static void assertRefused(
      Class<? extends Exception> type, String message, Runnable call) {
    assertEquals(message, assertThrows(type, call::run).getMessage());
  }

  @Test
  void namespaceIsCreatedUpdatedAndDeleted() {
    namespaces.create(NAMESPACE, Map.of("a", "1", "empty", ""));
    assertRefused(
        AlreadyExistsException.class,
        "namespace \"default\": already exists",
        () -> namespaces.create(NAMESPACE, Map.of()));
    assertEquals(Map.of("a", "1"), namespaces.labels(NAMESPACE));
    assertEquals(Map.of("b", "2"), namespaces.updateLabels(NAMESPACE, _ -> Map.of("b", "2")));
    assertEquals(Map.of("b", "2"), namespaces.labels(NAMESPACE));
    namespaces.delete(NAMESPACE);

    String unknown = "namespace \"default\": not found";
    assertEquals(Map.of(), namespaces.labels(NAMESPACE));
    assertRefused(NotFoundException.class, unknown, () -> namespaces.delete(NAMESPACE));
    assertEquals(
        List.of(
            new Event.NamespaceCreated("default", Map.of("a", "1")),
            new Event.NamespaceUpdated("default", Map.of("b", "2")),
            new Event.NamespaceDeleted("default")),
        world.events.take());
  }

  @Test
  void labelsMakeANamespace() {
    assertEquals(Map.of("a", "1"), namespaces.updateLabels(NAMESPACE, _ -> Map.of("a", "1")));
    assertEquals(List.of(NAMESPACE), namespaces.list());
  }

  @Test
  void namespaceComesToBeByTheFirstWrite() {
    stores.leases().create("l", Map.of());
    assertEquals(List.of(NAMESPACE), namespaces.list());
    assertEquals(Map.of(), namespaces.labels(NAMESPACE));
  }

  @Test
  void namespaceThatHoldsSomethingIsNotDeleted() {
    blob(stores, "a", Map.of());
    layer(stores, "s", null);
    World.image(stores, "i", A, Map.of());
    stores.containers().create(Containers.container("c", "", ""));
    stores.tasks().put(Containers.task("c", RuntimeOptions.NONE));
    stores.leases().create("l", Map.of());

    assertRefused(
        FailedPreconditionException.class,
        "namespace \"default\" must be empty, but it still has images, blobs, containers, tasks,"
            + " snapshots on \"memory\" snapshotter",
        () -> namespaces.delete(NAMESPACE));

    stores.images().delete("i", null);
    stores.tasks().delete("c");
    stores.containers().delete("c");
    stores.content().delete(A);
    stores.snapshotter(SNAPSHOTTER).remove(World.key("s"));
    stores.content().writer(new IngestRequest("partial", 0, null)).close();
    namespaces.delete(NAMESPACE);
    world.collect();
    assertEquals(List.of(), namespaces.list());
    assertTrue(world.backendIngests().isEmpty());
    assertThrows(NotFoundException.class, () -> stores.leases().get("l"));
  }

  @Test
  void imageIsCreatedOnce() {
    Image created = stores.images().create(image("n", A, Map.of("x", "1", "e", "")), null);
    assertEquals(Map.of("x", "1"), created.labels());
    assertTrue(created.createdAt().isAfter(Instant.EPOCH));
    assertEquals(created, stores.images().get("n"));
    assertEquals(List.of(created), stores.images().list());
    assertRefused(
        AlreadyExistsException.class,
        "image \"n\": already exists",
        () -> stores.images().create(image("n", B, Map.of()), null));
    assertEquals(created, stores.images().get("n"));
    assertEquals(List.of(new Event.ImageCreated("n", Map.of("x", "1"))), world.events.take());
  }

  @Test
  void imageTakesTheTimeItIsGiven() {
    Instant epoch = Instant.parse("2001-02-03T04:05:06Z");
    assertEquals(epoch, stores.images().create(image("n", A, Map.of()), epoch).createdAt());
  }

  @Test
  void imageUpdateKeepsNameAndCreation() {
    Image before = stores.images().create(image("n", A, Map.of()), null);
    Image after = stores.images().update("n", _ -> image("other", B, Map.of("y", "2")));
    assertEquals("n", after.name());
    assertEquals(B, after.target().digest());
    assertEquals(before.createdAt(), after.createdAt());
    assertTrue(after.updatedAt().isAfter(before.updatedAt()));
    assertEquals(after, stores.images().get("n"));
    assertRefused(
        NotFoundException.class,
        "image \"x\": not found",
        () -> stores.images().update("x", image -> image));
  }

  @Test
  void putCreatesOrReplaces() {
    Image first = stores.images().put(image("n", A, Map.of("x", "1")));
    Image second = stores.images().put(image("n", B, Map.of()));
    assertEquals(first.createdAt(), second.createdAt());
    assertEquals(Map.of(), stores.images().get("n").labels());
    assertEquals(
        List.of(
            new Event.ImageCreated("n", Map.of("x", "1")), new Event.ImageUpdated("n", Map.of())),
        world.events.take());
  }

  @Test
  void imageIsDeletedOnlyIfItPointsWhereItShould() {
    stores.images().create(image("n", A, Map.of()), null);
    assertRefused(
        NotFoundException.class,
        "image \"n\" has the target " + A + ", not " + B + ": not found",
        () -> stores.images().delete("n", B));
    stores.images().delete("n", A);
    assertRefused(
        NotFoundException.class, "image \"n\": not found", () -> stores.images().delete("n", null));
    assertRefused(
        NotFoundException.class, "image \"n\": not found", () -> stores.images().get("n"));
    assertRefused(NotFoundException.class, "image \"\": not found", () -> stores.images().get(""));
  }

  @Test
  void wrongImagesAreRefused() {
    assertThrows(
        InvalidArgumentException.class, () -> stores.images().create(image("", A, Map.of()), null));
    assertThrows(
        InvalidArgumentException.class,
        () -> stores.images().put(Image.of("n", new Descriptor("x", A, 0), Map.of())));
    assertThrows(
        InvalidArgumentException.class,
        () -> stores.images().put(Image.of("n", new Descriptor("", A, 1), Map.of())));
    assertThrows(
        InvalidArgumentException.class,
        () -> stores.images().put(image("n", A, Map.of("k", "v".repeat(5000)))));
  }

  @Test
  void containerIsKeptByteForByte() {
    Container container = Containers.container("c", SNAPSHOTTER, "k", Map.of("x", "1"));
    Container created = stores.containers().create(container);
    assertEquals(created, stores.containers().get("c"));
    assertEquals(List.of(created), stores.containers().list());
    TypedValue spec = stores.containers().get("c").spec();
    assertArrayEquals(Containers.SPEC.value(), spec.value());
    assertEquals(container.extensions(), created.extensions());
    assertEquals("sandbox", created.sandboxId());
    assertTrue(created.createdAt().isAfter(Instant.EPOCH));
    assertRefused(
        AlreadyExistsException.class,
        "container \"c\": already exists",
        () -> stores.containers().create(container));
  }

  @Test
  void containerUpdateKeepsWhatIsFixed() {
    Container before = stores.containers().create(Containers.container("c", SNAPSHOTTER, "k"));
    Container after =
        stores
            .containers()
            .update("c", _ -> Containers.container("other", SNAPSHOTTER, "k2", Map.of("y", "2")));
    assertEquals("c", after.id());
    assertEquals("k2", after.snapshotKey());
    assertEquals(before.createdAt(), after.createdAt());
    assertTrue(after.updatedAt().isAfter(before.updatedAt()));
    assertThrows(
        InvalidArgumentException.class,
        () -> stores.containers().update("c", _ -> Containers.container("c", "other", "k")));
    assertThrows(
        InvalidArgumentException.class,
        () ->
            stores
                .containers()
                .update("c", c -> withRuntime(c, new Container.Runtime("kata", null))));
    assertEquals(after, stores.containers().get("c"));
  }

  private static Container withRuntime(Container c, Container.Runtime runtime) {
    return new Container(
        c.id(),
        c.labels(),
        c.image(),
        runtime,
        c.spec(),
        c.snapshotter(),
        c.snapshotKey(),
        c.extensions(),
        c.sandboxId(),
        c.createdAt(),
        c.updatedAt());
  }

  @Test
  void unknownContainerIsNamedWithItsNamespace() {
    String message = "container \"c\" in namespace \"default\": not found";
    assertRefused(NotFoundException.class, message, () -> stores.containers().get("c"));
    assertRefused(NotFoundException.class, message, () -> stores.containers().delete("c"));
    assertRefused(NotFoundException.class, message, () -> stores.containers().update("c", c -> c));
  }

  @Test
  void wrongContainersAreRefused() {
    Container good = Containers.container("c", "", "");
    for (Container wrong :
        List.of(
            Containers.container("", "", ""),
            Containers.container("a b", "", ""),
            Containers.container("c", "", "key"),
            withRuntime(good, new Container.Runtime("", null)),
            new Container(
                "c",
                Map.of(),
                "",
                new Container.Runtime("runc", null),
                null,
                "",
                "",
                Map.of(),
                "",
                Instant.EPOCH,
                Instant.EPOCH))) {
      assertThrows(InvalidArgumentException.class, () -> stores.containers().create(wrong));
    }
    assertEquals(List.of(), stores.containers().list());
  }

  @Test
  void eventsOfContainers() {
    stores.containers().create(Containers.container("c", "", ""));
    stores.containers().update("c", c -> c);
    stores.containers().delete("c");
    assertEquals(
        List.of(
            new Event.ContainerCreated("c", "image", "runc", null),
            new Event.ContainerUpdated("c", "image", Map.of(), ""),
            new Event.ContainerDeleted("c")),
        world.events.take());
  }

  @Test
  void leaseWithoutIdIsNamedByTheStore() {
    Lease one = stores.leases().create("", Map.of("x", "1"));
    Lease two = stores.leases().create("", Map.of());
    assertTrue(one.id().matches("[0-9]+-[A-Za-z0-9]{4}"), one::id);
    assertEquals(one.id(), Identifiers.check("lease id", one.id()));
    assertEquals(2, stores.leases().list().size());
    assertEquals(one, stores.leases().get(one.id()));
    assertTrue(!one.id().equals(two.id()));
  }

  /** Image builders name leases after digests. */
  @Test
  void leaseMayHaveAnyPrintableName() {
    String id = "moby image/sha256:" + "0".repeat(64);
    assertEquals(id, stores.leases().create(id, Map.of()).id());
    stores.leases().addResource(id, new Lease.Resource("images", "i j"));
    assertEquals(List.of(new Lease.Resource("images", "i j")), stores.leases().resources(id));
    stores.leases().delete(id);
  }

  @Test
  void leaseMayBeNamedAfterAPath() {
    stores.leases().create("/tmp/a b/mount", Map.of());
    assertEquals("/tmp/a b/mount", stores.leases().get("/tmp/a b/mount").id());
    // Random bytes in base64, as containerd's clients make them.
    assertEquals("50024593--tkS", stores.leases().create("50024593--tkS", Map.of()).id());
    assertThrows(InvalidArgumentException.class, () -> stores.leases().create("a\nb", Map.of()));
    assertThrows(
        InvalidArgumentException.class, () -> stores.leases().create("x".repeat(2000), Map.of()));
  }

  @Test
  void leaseIsCreatedOnceAndDeleted() {
    stores.leases().create("l", Map.of());
    assertRefused(
        AlreadyExistsException.class,
        "lease \"l\": already exists",
        () -> stores.leases().create("l", Map.of()));
    stores.leases().delete("l");
    String message = "lease \"l\": not found";
    assertRefused(NotFoundException.class, message, () -> stores.leases().delete("l"));
    assertRefused(NotFoundException.class, message, () -> stores.leases().get("l"));
    assertRefused(NotFoundException.class, message, () -> stores.leases().resources("l"));
    assertRefused(
        NotFoundException.class,
        message,
        () -> stores.leases().addResource("l", Resources.content(A)));
    assertRefused(
        NotFoundException.class,
        message,
        () -> stores.leases().deleteResource("l", Resources.content(A)));
  }

  @Test
  void openedLeaseSaysWhenItEnds() {
    Lease lease = stores.leases().open(Duration.ofHours(24));
    Instant expiry = Instant.parse(lease.labels().get(Labels.GC_EXPIRE));
    Duration life = Duration.between(world.clock.instant(), expiry);
    assertTrue(life.compareTo(Duration.ofHours(24).minusSeconds(1)) > 0, life::toString);
    assertTrue(life.compareTo(Duration.ofHours(24).plusSeconds(2)) < 0, life::toString);
    assertThrows(InvalidArgumentException.class, () -> stores.leases().open(Duration.ZERO));
  }

  @Test
  void resourcesComeAndGo() {
    stores.leases().create("l", Map.of());
    List<Lease.Resource> all =
        List.of(
            Resources.content(A),
            Resources.image("docker.io/library/x y:z"),
            Resources.ingest("a ref\nwith anything"),
            Resources.snapshot("overlayfs", "sha256:1 2"));
    for (Lease.Resource resource : all) {
      stores.leases().addResource("l", resource);
      stores.leases().addResource("l", resource);
    }
    assertEquals(all, stores.leases().resources("l"));
    for (Lease.Resource resource : all) {
      stores.leases().deleteResource("l", resource);
      stores.leases().deleteResource("l", resource);
    }
    assertEquals(List.of(), stores.leases().resources("l"));
  }

  @Test
  void wrongResourcesAreRefused() {
    stores.leases().create("l", Map.of());
    for (Lease.Resource malformed :
        List.of(
            new Lease.Resource("content", "not a digest"),
            new Lease.Resource("content", ""),
            new Lease.Resource("snapshots", "k"),
            new Lease.Resource("snapshots/", "k"),
            new Lease.Resource("snapshots/a/b", "k"))) {
      assertThrows(
          InvalidArgumentException.class, () -> stores.leases().addResource("l", malformed));
    }
    for (Lease.Resource unknown :
        List.of(new Lease.Resource("streams", "s"), new Lease.Resource("", "x"))) {
      assertThrows(UnimplementedException.class, () -> stores.leases().addResource("l", unknown));
    }
  }

  @Test
  void taskIsRemembered() {
    RuntimeOptions options =
        new RuntimeOptions(
            Map.of("t", "text", "n", 7L, "f", true, "l", List.of("a", "b"), "e", List.of()));
    TaskRecord intent = Containers.task("c", options);
    assertEquals(Optional.empty(), stores.tasks().find("c"));
    stores.tasks().put(intent);
    assertEquals(Optional.of(intent), stores.tasks().find("c"));

    TaskRecord running =
        new TaskRecord(
            "c",
            intent.runtime(),
            intent.bundle(),
            options,
            "boot",
            Map.of(),
            new RuntimeState(new byte[] {1, 2}),
            3);
    stores.tasks().put(running);
    world.restart();
    TaskRecord found = world.stores().tasks().find("c").orElseThrow();
    assertArrayEquals(new byte[] {1, 2}, found.state().value());
    assertEquals(3, found.memoryKills());
    assertEquals(1, world.stores().tasks().list().size());
    world.stores().tasks().delete("c");
    world.stores().tasks().delete("c");
    assertEquals(List.of(), world.stores().tasks().list());
  }

  @Test
  void storesOfNamespacesDoNotMeet() {
    Stores other = world.stores("other");
    stores.images().put(image("n", A, Map.of()));
    stores.containers().create(Containers.container("c", "", ""));
    stores.leases().create("l", Map.of());
    stores.tasks().put(Containers.task("c", RuntimeOptions.NONE));
    assertEquals(List.of(), other.images().list());
    assertEquals(List.of(), other.containers().list());
    assertEquals(List.of(), other.leases().list());
    assertEquals(List.of(), other.tasks().list());
    assertEquals(new Namespace("other"), other.namespace());
  }
}
