package dev.carafe.testkit.content;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.content.BlobInfo;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;

/** What all groups share: a store in a fresh root, and words to say what it holds. */
abstract class ContentChecks {
  static final Map<String, String> NONE = Map.of();
  static final int LIMIT = 1 << 28;

  final ContentStoreHarness harness;
  WorkDirectory work;
  Path root;
  ContentStore store;

  ContentChecks(ContentStoreConformance suite) {
    this.harness = suite.harness();
  }

  @BeforeEach
  void open(WorkDirectory work) throws IOException {
    this.work = work;
    root = Files.createDirectory(work.path().resolve("root"));
    store = openAgain();
  }

  /** Opens the same root again, as a new daemon would after a crash. */
  final ContentStore openAgain() {
    ContentStore opened = harness.open(root);
    if (opened instanceof AutoCloseable closeable) {
      work.closeLater(closeable);
    }
    return opened;
  }

  /** Closes the store and opens the same root again. */
  final void restart() {
    if (store instanceof AutoCloseable closeable) {
      try {
        closeable.close();
      } catch (Exception e) {
        throw new AssertionError("close: " + e, e);
      }
    }
    store = openAgain();
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static byte[] random(int size, long seed) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  static ByteBuffer buffer(String text) {
    return ByteBuffer.wrap(bytes(text));
  }

  static Digest sha512(byte[] bytes) {
    return Digest.finish("sha512", Digest.hasher("sha512").digest(bytes));
  }

  final ContentWriter writer(String ref) {
    return writer(ref, 0, null);
  }

  final ContentWriter writer(String ref, long total, @Nullable Digest expected) {
    return work.closeLater(store.writer(new IngestRequest(ref, total, expected)));
  }

  /** Commits a blob with all checks on. */
  final Digest blob(byte[] bytes) {
    Digest digest = Digest.of(bytes);
    try (ContentWriter writer = writer("ref of " + digest, bytes.length, digest)) {
      // A store may know the bytes already, and then stands at their end.
      int there = (int) writer.status().offset();
      writer.write(ByteBuffer.wrap(bytes, there, bytes.length - there));
      assertEquals(digest, writer.commit(bytes.length, digest, NONE));
    }
    return digest;
  }

  final Digest blob(String text) {
    return blob(bytes(text));
  }

  /** Writes some bytes and leaves the ingest unfinished. */
  final void ingest(String ref, String text) {
    try (ContentWriter writer = writer(ref)) {
      writer.write(buffer(text));
    }
  }

  final void assertBlob(byte[] expected, Digest digest) {
    BlobInfo info = store.info(digest);
    assertEquals(digest, info.digest());
    assertEquals(expected.length, info.size());
    try (BlobReader reader = store.open(digest)) {
      assertEquals(expected.length, reader.size());
      assertArrayEquals(expected, reader.readAll(LIMIT));
    }
  }

  final Map<Digest, BlobInfo> blobs() {
    Map<Digest, BlobInfo> found = new HashMap<>();
    store.forEachBlob(info ->
        assertTrue(found.put(info.digest(), info) == null, () -> info.digest() + " seen twice"));
    return found;
  }
}
