package dev.carafe.plugin.content.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.linux.Mounter;
import dev.carafe.spi.content.BlobInfo;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.content.IngestStatus;
import dev.carafe.spi.errors.AbortedException;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class LocalContentStoreTest {
  private static final Map<String, String> NONE = Map.of();
  private static final Digest HELLO = Digest.of(bytes("hello"));

  private WorkDirectory work;
  private Path root;
  private LocalContentStore store;

  @BeforeEach
  void open(WorkDirectory work) throws IOException {
    this.work = work;
    root = Files.createDirectory(work.path().resolve("root"));
    store = LocalContentStore.open(root);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private ContentWriter writer(String ref) {
    return work.closeLater(store.writer(new IngestRequest(ref, 0, null)));
  }

  private void commit(String ref, String text) {
    try (ContentWriter writer = writer(ref)) {
      writer.write(ByteBuffer.wrap(bytes(text)));
      writer.commit(0, null, NONE);
    }
  }

  private void ingest(String ref, String text) {
    try (ContentWriter writer = writer(ref)) {
      writer.write(ByteBuffer.wrap(bytes(text)));
    }
  }

  private Path ingestDirectory(String ref) {
    return root.resolve("ingest").resolve(Digest.of(bytes(ref)).hex());
  }

  private Set<String> files(String directory) throws IOException {
    try (Stream<Path> files = Files.walk(root.resolve(directory))) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> root.relativize(file).toString())
          .collect(Collectors.toSet());
    }
  }

  @Test
  void layoutIsContainerds() throws IOException {
    commit("a", "hello");
    ingest("ref/of layer", "hel");

    assertEquals(Set.of("blobs/sha256/" + HELLO.hex()), files("blobs"));
    assertEquals("r--r--r--", permissions(root.resolve("blobs/sha256/" + HELLO.hex())));
    Path ingest = ingestDirectory("ref/of layer");
    assertEquals("hel", Files.readString(ingest.resolve("data")));
    assertEquals("ref/of layer", Files.readString(ingest.resolve("ref")));
    assertEquals("0", Files.readString(ingest.resolve("total")));
    assertTrue(Files.readString(ingest.resolve("startedat")).endsWith("Z"));
    assertTrue(Files.readString(ingest.resolve("updatedat")).endsWith("Z"));
  }

  private static String permissions(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  void crashWhileAnIngestIsMadeLeavesNothing() throws IOException {
    Path scratch = Files.createDirectory(root.resolve("ingest/.1"));
    Files.writeString(scratch.resolve("ref"), "half made");

    store = LocalContentStore.open(root);

    assertFalse(Files.exists(scratch));
    assertEquals(List.of(), store.ingests());
  }

  @Test
  void powerFailureThatEmptiedTheRefIsClearedAway() throws IOException {
    ingest("lost", "hello");
    Files.writeString(ingestDirectory("lost").resolve("ref"), "");
    ingest("kept", "hello");

    store = LocalContentStore.open(root);

    assertFalse(Files.exists(ingestDirectory("lost")));
    assertEquals(List.of("kept"), store.ingests().stream().map(IngestStatus::ref).toList());
    commit("lost", "from the start");
  }

  @Test
  void crashBetweenRenameAndRemovalOfTheIngestIsCleared() throws IOException {
    ingest("ref", "hello");
    Path blob = root.resolve("blobs/sha256").resolve(HELLO.hex());
    Files.move(ingestDirectory("ref").resolve("data"), blob);

    assertThrows(NotFoundException.class, () -> store.status("ref"));
    assertEquals(List.of(), store.ingests());
    try (ContentWriter writer = writer("ref")) {
      assertEquals(0, writer.status().offset());
    }
    store.abort("ref");

    ingest("ref", "hello");
    Files.delete(ingestDirectory("ref").resolve("data"));
    store = LocalContentStore.open(root);
    assertFalse(Files.exists(ingestDirectory("ref")));
    assertEquals(5, store.info(HELLO).size());
  }

  @Test
  void damagedTextsOfAnIngestAreBorneWith() throws IOException {
    ingest("ref", "hello");
    Files.writeString(ingestDirectory("ref").resolve("total"), "many");
    Files.writeString(ingestDirectory("ref").resolve("startedat"), "yesterday");
    Files.delete(ingestDirectory("ref").resolve("updatedat"));

    assertEquals(0, store.status("ref").total());
    try (ContentWriter writer = writer("ref")) {
      assertEquals(HELLO, writer.commit(5, HELLO, NONE));
    }
  }

  @Test
  void strangeFilesAmongTheBlobsAreNoBlobs() throws IOException {
    commit("a", "hello");
    Files.writeString(root.resolve("blobs/sha256/README"), "x");
    Files.createDirectory(root.resolve("blobs/sha256/" + Digest.of(bytes("dir")).hex()));
    List<Digest> seen = new ArrayList<>();
    store.forEachBlob(info -> seen.add(info.digest()));
    assertEquals(List.of(HELLO), seen);
    assertThrows(NotFoundException.class, () -> store.info(Digest.of(bytes("dir"))));
  }

  @Test
  void blobsGoTogetherAndWhatIsUnknownIsPassedOver() throws IOException {
    // Given
    commit("a", "hello");
    commit("b", "world");
    commit("c", "stays");
    Digest unknown = Digest.of(bytes("unknown"));

    // When
    store.deleteAll(List.of(HELLO, unknown, Digest.of(bytes("world"))));

    // Then
    assertEquals(Set.of("blobs/sha256/" + Digest.of(bytes("stays")).hex()), files("blobs"));
  }

  @Test
  void abortUnderAnOpenWriterIsToldToTheWriter() {
    ContentWriter writer = writer("ref");
    writer.write(ByteBuffer.wrap(bytes("hello")));
    store.abort("ref");
    assertThrows(NotFoundException.class, () -> store.status("ref"));
    assertThrows(AbortedException.class, () -> writer.write(ByteBuffer.wrap(bytes("x"))));
    assertThrows(AbortedException.class, () -> writer.commit(5, null, NONE));
    writer.close();
    assertFalse(Files.exists(ingestDirectory("ref")));
  }

  @Test
  void interruptCancelsAndLeavesTheIngest() {
    ContentWriter writer = writer("ref");
    writer.write(ByteBuffer.wrap(bytes("hello")));
    Thread.currentThread().interrupt();
    try {
      ByteBuffer more = ByteBuffer.wrap(bytes("more"));
      assertThrows(CancelledException.class, () -> writer.write(more));
      assertEquals(4, more.remaining());
      assertThrows(CancelledException.class, () -> writer.commit(0, null, NONE));
    } finally {
      assertTrue(Thread.interrupted());
    }
    assertEquals(HELLO, writer.commit(5, HELLO, NONE));
  }

  @Test
  void whatCannotFitIsRefusedEarly() {
    var refused =
        assertThrows(
            ResourceExhaustedException.class,
            () -> store.writer(new IngestRequest("huge", Long.MAX_VALUE / 2, null)));
    assertTrue(refused.getMessage().startsWith("content ref huge: needs "), refused::getMessage);
    assertEquals(List.of(), store.ingests());
    writer("huge").close();
  }

  @Test
  @EnabledIfSystemProperty(named = "user.name", matches = "root", disabledReason = "mounts")
  void fullDiskKeepsWhatWasAcceptedAndGoesOnLater() throws IOException {
    Path small = Files.createDirectory(work.path().resolve("small"));
    Mounter.kernel().mount(List.of(new Mount("tmpfs", "tmpfs", List.of("size=1m"))), small);
    work.closeLater(() -> Mounter.kernel().unmountAll(small));
    store = LocalContentStore.open(small);
    commit("in the way", "x".repeat(400_000));
    byte[] half = new byte[300_000];

    ContentWriter writer = writer("big");
    writer.write(ByteBuffer.wrap(half));
    ByteBuffer second = ByteBuffer.wrap(new byte[600_000]);
    var full = assertThrows(ResourceExhaustedException.class, () -> writer.write(second));

    assertTrue(full.getMessage().contains("content ref big"), full::getMessage);
    assertEquals(half.length, writer.status().offset());
    assertEquals(600_000, second.remaining());
    assertEquals(Digest.of(half), writer.digest());
    writer.close();
    assertEquals(half.length, store.status("big").offset());

    List<BlobInfo> blobs = new ArrayList<>();
    store.forEachBlob(blobs::add);
    store.delete(blobs.getFirst().digest());
    try (ContentWriter again = writer("big")) {
      again.write(second);
      again.commit(900_000, Digest.of(new byte[900_000]), NONE);
    }
    fillUp(small);
    assertThrows(ResourceExhaustedException.class, () -> writer("no room"));
    assertEquals(List.of(), store.ingests());
    store.delete(Digest.of(new byte[900_000]));
    assertEquals(List.of(), LocalContentStore.open(small).ingests());
  }

  private static void fillUp(Path directory) {
    byte[] block = new byte[1024];
    try (var out = Files.newOutputStream(directory.resolve("filler"))) {
      while (true) {
        out.write(block);
      }
    } catch (IOException e) {
      if (!String.valueOf(e.getMessage()).contains("No space left")) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Test
  void factoryDeclaresContainerdsName() {
    assertEquals("io.containerd.content.v1.content", new LocalFactory().declaration().uri());
  }
}
