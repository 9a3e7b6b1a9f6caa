package dev.carafe.metadata;

import static dev.carafe.metadata.World.NAMESPACE;
import static dev.carafe.metadata.World.blob;
import static dev.carafe.metadata.World.bytes;
import static dev.carafe.metadata.World.refs;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.Stores;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.errors.AbortedException;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.events.Event;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the namespace adds to a content store. */
@ExtendWith(LeakCheck.class)
class NamespacedContentStoreTest {
  private static final Digest HELLO = Digest.of(bytes("hello"));

  private World world;
  private Stores stores;
  private Stores other;

  @BeforeEach
  void open(WorkDirectory directory) {
    world = directory.closeLater(new World(directory.path()));
    stores = world.stores();
    other = world.stores("other");
  }

  private void isolate() {
    world.close();
    world.config =
        new MetadataConfig(
            ContentSharing.ISOLATED, Duration.ofHours(24), false, Duration.ofSeconds(10));
    stores = world.stores();
    other = world.stores("other");
  }

  private static ContentWriter writer(Stores stores, String ref) {
    return stores.content().writer(new IngestRequest(ref, 5, HELLO));
  }

  private static void write(ContentWriter writer, String text) {
    writer.write(ByteBuffer.wrap(bytes(text)));
  }

  private Set<String> heldBy(Lease lease) {
    return stores.leases().resources(lease.id()).stream()
        .map(resource -> resource.type() + " " + resource.id())
        .collect(Collectors.toSet());
  }

  @Test
  void messagesAreThoseThatClientsMatch() {
    assertEquals(
        "content digest " + HELLO + ": not found",
        assertThrows(NotFoundException.class, () -> stores.content().info(HELLO)).getMessage());
    assertEquals(
        "content digest " + HELLO + ": not found",
        assertThrows(NotFoundException.class, () -> stores.content().open(HELLO)).getMessage());
    blob(stores, "hello", Map.of());
    assertEquals(
        "content " + HELLO + ": already exists",
        assertThrows(AlreadyExistsException.class, () -> writer(stores, "r")).getMessage());
    try (ContentWriter first = stores.content().writer(new IngestRequest("r", 0, null))) {
      assertEquals(
          "ref r locked",
          assertThrows(
                  UnavailableException.class,
                  () -> stores.content().writer(new IngestRequest("r", 0, null)))
              .getMessage());
      write(first, "x");
      assertTrue(
          assertThrows(FailedPreconditionException.class, () -> first.commit(2, null, Map.of()))
              .getMessage()
              .startsWith("unexpected commit size"));
    }
  }

  @Test
  void blobsOfThisNamespaceGoTogetherAndThoseOfOthersStay() {
    // Given
    Digest mine = blob(stores, "mine", Map.of());
    blob(stores, "hello", Map.of());
    blob(other, "hello", Map.of());

    // When
    stores.content().deleteAll(List.of(mine, HELLO, Digest.of(bytes("unknown"))));

    // Then
    assertEquals(Set.of(), World.blobs(stores));
    assertEquals(Set.of(HELLO), World.blobs(other));
  }

  @Test
  void namesInTheBackEndNeverLeave() {
    try (ContentWriter stale =
        world.content.writer(new IngestRequest("default/1/secret", 0, null))) {
      var failure =
          assertThrows(
              UnavailableException.class,
              () -> stores.content().writer(new IngestRequest("secret", 0, null)));
      assertEquals("ref secret locked", failure.getMessage());
      assertEquals("default/1/secret", stale.status().ref());
    }
  }

  @Test
  void blobOfOneNamespaceIsUnknownInAnother() {
    blob(stores, "hello", Map.of());
    assertThrows(NotFoundException.class, () -> other.content().info(HELLO));
    assertThrows(NotFoundException.class, () -> other.content().open(HELLO));
    assertThrows(NotFoundException.class, () -> other.content().delete(HELLO));
    assertEquals(Set.of(), World.blobs(other));
  }

  @Test
  void refsOfNamespacesDoNotMeet() {
    try (ContentWriter one = stores.content().writer(new IngestRequest("r", 0, null));
        ContentWriter two = other.content().writer(new IngestRequest("r", 0, null))) {
      write(one, "one");
      write(two, "three");
      assertEquals(3, stores.content().status("r").offset());
      assertEquals(5, other.content().status("r").offset());
    }
  }

  @Test
  void sharedBlobNeedsNoBytes() {
    blob(stores, "hello", Map.of("a", "1"));
    world.events.take();

    try (ContentWriter writer = writer(other, "r")) {
      assertEquals(5, writer.status().offset());
      assertEquals(HELLO, writer.digest());
      assertEquals(5, other.content().status("r").offset());
      assertEquals(HELLO, writer.commit(5, HELLO, Map.of("b", "2")));
    }

    assertEquals(Map.of("b", "2"), other.content().info(HELLO).labels());
    assertEquals(Map.of("a", "1"), stores.content().info(HELLO).labels());
    assertEquals(List.of(new Event.ContentCreated(HELLO, 5)), world.events.take());
    assertEquals(List.of(), other.content().ingests());
  }

  @Test
  void sharedBlobIsCheckedAtCommit() {
    blob(stores, "hello", Map.of());
    try (ContentWriter writer = writer(other, "r")) {
      assertThrows(FailedPreconditionException.class, () -> writer.commit(6, HELLO, Map.of()));
      assertThrows(
          FailedPreconditionException.class,
          () -> writer.commit(5, Digest.of(bytes("x")), Map.of()));
      writer.commit(0, null, Map.of());
    }
    other.content().info(HELLO);
  }

  @Test
  void sharedBlobOfAnotherSizeIsNotUsed() {
    blob(stores, "hello", Map.of());
    try (ContentWriter writer = other.content().writer(new IngestRequest("r", 6, HELLO))) {
      assertEquals(0, writer.status().offset());
    }
  }

  @Test
  void writeOnASharedBlobAppendsToACopy() {
    blob(stores, "hello", Map.of());
    Digest more = Digest.of(bytes("hello, world"));
    try (ContentWriter writer = writer(other, "r")) {
      write(writer, "");
      assertEquals(Set.of(), world.backendIngests());
      write(writer, ", world");
      assertEquals(12, writer.status().offset());
      assertEquals(more, writer.commit(12, more, Map.of()));
    }
    assertThrows(NotFoundException.class, () -> other.content().info(HELLO));
    try (BlobReader reader = other.content().open(more)) {
      assertArrayEquals(bytes("hello, world"), reader.readAll(100));
    }
  }

  @Test
  void truncateOnASharedBlobStartsOver() {
    blob(stores, "hello", Map.of());
    try (ContentWriter writer = writer(other, "r")) {
      writer.truncate();
      assertEquals(0, writer.status().offset());
      write(writer, "hel");
    }
    try (ContentWriter writer = writer(other, "r")) {
      // The blob is still there, whatever was written meanwhile.
      assertEquals(5, writer.status().offset());
      writer.truncate();
      assertEquals(0, writer.status().offset());
      write(writer, "hello");
      writer.commit(5, HELLO, Map.of());
    }
    assertEquals(Set.of(), world.backendIngests());
  }

  @Test
  void commitOfASharedBlobDropsWhatWasWrittenBefore() {
    try (ContentWriter writer = writer(other, "r")) {
      write(writer, "hel");
    }
    blob(stores, "hello", Map.of());

    try (ContentWriter writer = writer(other, "r")) {
      writer.commit(5, HELLO, Map.of());
    }

    assertEquals(Set.of(), world.backendIngests());
    other.content().info(HELLO);
  }

  @Test
  void isolatedNamespaceHasToSendEveryByte() {
    isolate();
    blob(stores, "hello", Map.of());
    try (ContentWriter writer = writer(other, "r")) {
      assertEquals(0, writer.status().offset());
      assertThrows(FailedPreconditionException.class, () -> writer.commit(5, HELLO, Map.of()));
      write(writer, "hello");
      writer.commit(5, HELLO, Map.of());
    }
    assertEquals(5, other.content().info(HELLO).size());
    assertEquals(Set.of(HELLO), world.backendBlobs());
  }

  @Test
  void shareableNamespaceSharesUnderTheIsolatedPolicy() {
    isolate();
    world
        .metadata()
        .namespaces()
        .create(NAMESPACE, Map.of("containerd.io/namespace.shareable", "true"));
    blob(stores, "hello", Map.of());
    try (ContentWriter writer = writer(other, "r")) {
      assertEquals(5, writer.status().offset());
    }
    world.metadata().namespaces().updateLabels(NAMESPACE, _ -> Map.of());
    try (ContentWriter writer = writer(other, "r")) {
      assertEquals(0, writer.status().offset());
    }
  }

  @Test
  void otherHashesWorkWithAnExistingBlob() {
    isolate();
    Digest sha512 = Digest.finish("sha512", Digest.hasher("sha512").digest(bytes("hello")));
    for (Stores one : List.of(stores, other)) {
      try (ContentWriter writer = one.content().writer(new IngestRequest("r", 0, sha512))) {
        write(writer, "hello");
        assertEquals(sha512, writer.commit(5, sha512, Map.of()));
      }
      assertEquals(5, one.content().info(sha512).size());
    }
  }

  @Test
  void leaseHoldsIngestThenBlob() {
    Lease lease = stores.leases().create("l", Map.of());
    try (ContentWriter writer = writer(world.leased(lease), "r")) {
      assertEquals(Set.of("ingests r"), heldBy(lease));
      write(writer, "hello");
      writer.commit(5, HELLO, Map.of());
    }
    assertEquals(Set.of("content " + HELLO), heldBy(lease));
  }

  @Test
  void leaseHoldsABlobThatWasThere() {
    blob(stores, "hello", Map.of());
    Lease atOpen = stores.leases().create("open", Map.of());
    Lease atCommit = stores.leases().create("commit", Map.of());

    assertThrows(AlreadyExistsException.class, () -> writer(world.leased(atOpen), "r"));
    try (ContentWriter writer =
        world.leased(atCommit).content().writer(new IngestRequest("r", 0, null))) {
      write(writer, "hello");
      assertThrows(AlreadyExistsException.class, () -> writer.commit(5, HELLO, Map.of()));
    }

    assertEquals(Set.of("content " + HELLO), heldBy(atOpen));
    assertEquals(Set.of("content " + HELLO), heldBy(atCommit));
    assertEquals(List.of(), stores.content().ingests());
  }

  @Test
  void unknownLeaseIsFoundOutBeforeAnythingIsWritten() {
    Stores leased = world.metadata().stores(NAMESPACE, "gone");
    var failure = assertThrows(NotFoundException.class, () -> writer(leased, "r"));
    assertEquals("lease \"gone\": not found", failure.getMessage());
    assertEquals(List.of(), stores.content().ingests());
    assertEquals(Set.of(), world.backendIngests());
  }

  @Test
  void ingestsUnderALeaseDoNotExpire() {
    Lease lease = stores.leases().create("l", Map.of());
    writer(world.leased(lease), "r").close();
    world.clock.advance(Duration.ofDays(100));
    world.collect();
    assertEquals(1, stores.content().ingests().size());
  }

  @Test
  void blobWithoutBytesIsTakenAgain() {
    blob(stores, "hello", Map.of("a", "1"));
    world.content.delete(HELLO);

    try (ContentWriter writer = writer(stores, "r")) {
      write(writer, "hello");
      assertThrows(AlreadyExistsException.class, () -> writer.commit(5, HELLO, Map.of()));
    }

    try (BlobReader reader = stores.content().open(HELLO)) {
      assertArrayEquals(bytes("hello"), reader.readAll(100));
    }
    assertEquals(Map.of("a", "1"), stores.content().info(HELLO).labels());
  }

  @Test
  void blobThatOnlyTheBackEndHasIsAdopted() {
    try (ContentWriter writer = world.content.writer(new IngestRequest("x", 0, null))) {
      write(writer, "hello");
      writer.commit(5, HELLO, Map.of());
    }
    try (ContentWriter writer = writer(stores, "r")) {
      assertEquals(5, writer.status().offset());
      writer.commit(5, HELLO, refs("root", "1"));
    }
    world.collect();
    assertEquals(Set.of(HELLO), world.backendBlobs());
  }

  @Test
  void abortedSharedWriterCannotCommit() {
    blob(stores, "hello", Map.of());
    try (ContentWriter writer = writer(other, "r")) {
      other.content().abort("r");
      assertThrows(AbortedException.class, () -> writer.commit(5, HELLO, Map.of()));
    }
    assertEquals(Set.of(), World.blobs(other));
  }

  @Test
  void labelsAreChecked() {
    assertThrows(
        InvalidArgumentException.class, () -> blob(stores, "hello", Map.of("k", "v".repeat(4096))));
    blob(stores, "hello2", Map.of("empty", ""));
    Digest digest = Digest.of(bytes("hello2"));
    assertEquals(Map.of(), stores.content().info(digest).labels());
    assertThrows(
        InvalidArgumentException.class,
        () -> stores.content().updateLabels(digest, _ -> Map.of("", "x")));
  }

  @Test
  void eventsComeOnlyForWhatIsNew() {
    blob(stores, "hello", Map.of());
    assertEquals(List.of(new Event.ContentCreated(HELLO, 5)), world.events.take());
    assertThrows(AlreadyExistsException.class, () -> writer(stores, "r"));
    stores.content().updateLabels(HELLO, _ -> Map.of("a", "1"));
    assertEquals(List.of(), world.events.take());
    stores.content().delete(HELLO);
    assertEquals("default", world.events.envelopes().getFirst().namespace());
    assertEquals(List.of(new Event.ContentDeleted(HELLO)), world.events.take());
  }

  @Test
  void manyBlobsAreVisitedPageByPage() {
    for (int i = 0; i < 1001; i++) {
      blob(stores, "blob " + i, Map.of());
    }
    assertEquals(1001, World.blobs(stores).size());
  }

  @Test
  void backEndRefsAreNeverUsedTwice() {
    writer(stores, "r").close();
    Set<String> before = world.backendIngests();
    stores.content().abort("r");
    world.restart();
    writer(world.stores(), "r").close();
    assertNotEquals(before, world.backendIngests());
    assertTrue(before.iterator().next().matches("default/[0-9]+/r"), before::toString);
  }

  @Test
  void readingCreatesNoNamespace() {
    assertThrows(NotFoundException.class, () -> other.content().info(HELLO));
    assertEquals(List.of(), other.content().ingests());
    assertEquals(List.of(), world.metadata().namespaces().list());
    blob(other, "x", Map.of());
    assertEquals(List.of(new Namespace("other")), world.metadata().namespaces().list());
  }
}
