package dev.carafe.testkit.images;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.images.ImageArchive;
import dev.carafe.spi.images.ImageArchive.Contents;
import dev.carafe.spi.images.ImageArchive.Entry;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import dev.carafe.testkit.content.MemoryContentStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The contract of {@link ImageArchive} as tests: what is written can be read, and what is damaged
 * is refused. Subclass it and say how to open yours. Every check has an id that is never used for
 * another.
 */
@Timeout(60)
@ExtendWith(LeakCheck.class)
public abstract class ImageArchiveConformance {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  private static final String CONFIG = "application/vnd.oci.image.config.v1+json";
  private static final String LAYER = "application/vnd.oci.image.layer.v1.tar";
  private static final String NAME = "registry.example/some/image:tag";

  private final MemoryContentStore origin = new MemoryContentStore();
  private final List<Descriptor> blobs = new ArrayList<>();
  private ImageArchive archives;

  /** Opens it over a private directory. */
  protected abstract ImageArchive open(Path directory) throws Exception;

  @BeforeEach
  void open(WorkDirectory work) throws Exception {
    archives = open(work.path());
    if (archives instanceof AutoCloseable closeable) {
      work.closeLater(closeable);
    }
  }

  private Descriptor blob(String mediaType, byte[] bytes) {
    Digest digest = Digest.of(bytes);
    try (ContentWriter writer =
        origin.writer(new IngestRequest("ref-" + digest, bytes.length, digest))) {
      writer.write(ByteBuffer.wrap(bytes));
      writer.commit(bytes.length, digest, java.util.Map.of());
    }
    Descriptor descriptor = new Descriptor(mediaType, digest, bytes.length);
    blobs.add(descriptor);
    return descriptor;
  }

  private static String reference(Descriptor descriptor) {
    return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}"
        .formatted(descriptor.mediaType(), descriptor.digest(), descriptor.size());
  }

  /** An image of one layer. */
  private Descriptor image(byte[] layer) {
    Descriptor stored = blob(LAYER, layer);
    Descriptor config =
        blob(
            CONFIG,
            ("{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"type\":\"layers\","
                    + "\"diff_ids\":[\""
                    + stored.digest()
                    + "\"]}}")
                .getBytes(StandardCharsets.UTF_8));
    return blob(
        MANIFEST,
        ("{\"schemaVersion\":2,\"mediaType\":\""
                + MANIFEST
                + "\",\"config\":"
                + reference(config)
                + ",\"layers\":["
                + reference(stored)
                + "]}")
            .getBytes(StandardCharsets.UTF_8));
  }

  /** A tar archive without entries, then noise: what it is packed with shows. */
  private static byte[] layer(int seed) {
    byte[] bytes = new byte[64 * 1024];
    new Random(seed).nextBytes(bytes);
    Arrays.fill(bytes, 0, 32 * 1024, (byte) 0);
    return bytes;
  }

  private byte[] write(Descriptor image, boolean compatible) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    archives.write(
        new Contents(List.of(new Entry(NAME, image, image)), blobs, compatible), origin, out);
    return out.toByteArray();
  }

  private Descriptor read(byte[] archive, boolean compress, MemoryContentStore into) {
    return archives.read(new ByteArrayInputStream(archive), compress, into);
  }

  private static byte[] bytes(MemoryContentStore content, Digest digest) {
    try (BlobReader reader = content.open(digest)) {
      return reader.readAll(1 << 20);
    }
  }

  private static JsonNode json(MemoryContentStore content, Digest digest) throws IOException {
    return JSON.readTree(bytes(content, digest));
  }

  @Test
  @DisplayName("ARCHIVE-ROUND-01 what was written is read, names and every byte")
  void roundTrip() throws Exception {
    for (boolean compatible : new boolean[] {false, true}) {
      MemoryContentStore into = new MemoryContentStore();
      Descriptor image = image(layer(compatible ? 1 : 8));

      Descriptor index = read(write(image, compatible), false, into);

      JsonNode manifest = json(into, index.digest()).path("manifests").path(0);
      assertEquals(image.digest().toString(), manifest.path("digest").asText());
      assertEquals(NAME, manifest.path("annotations").path("io.containerd.image.name").asText());
      for (Descriptor blob : blobs) {
        assertArrayEquals(bytes(origin, blob.digest()), bytes(into, blob.digest()));
      }
      blobs.clear();
    }
  }

  @Test
  @DisplayName("ARCHIVE-ROUND-02 a second reading finds all there and gives the same")
  void again() {
    byte[] archive = write(image(layer(2)), true);
    MemoryContentStore into = new MemoryContentStore();
    assertEquals(read(archive, false, into), read(archive, false, into));
    assertEquals(List.of(), List.copyOf(into.ingests()), "nothing half done is left");
  }

  @Test
  @DisplayName(
      "ARCHIVE-READ-01 an image that brings its manifest keeps its digest, compressed or not")
  void compressed() throws Exception {
    Descriptor image = image(layer(3));
    MemoryContentStore into = new MemoryContentStore();

    Descriptor index = read(write(image, true), true, into);

    JsonNode manifest = json(into, index.digest()).path("manifests").path(0);
    assertEquals(image.digest().toString(), manifest.path("digest").asText());
    assertArrayEquals(layer(3), bytes(into, Digest.of(layer(3))));
  }

  @Test
  @DisplayName("ARCHIVE-READ-02 what is no archive of images is refused")
  void noArchive() {
    for (byte[] nothing :
        List.of(new byte[0], new byte[10_240], "no archive".getBytes(StandardCharsets.UTF_8))) {
      DaemonException refused =
          assertThrows(DaemonException.class, () -> read(nothing, false, new MemoryContentStore()));
      assertTrue(
          refused instanceof InvalidArgumentException || refused instanceof DataLossException,
          refused::toString);
    }
  }

  @Test
  @DisplayName("ARCHIVE-READ-03 one that was cut off is refused wherever it ends")
  void cutOff() {
    byte[] archive = write(image(layer(4)), true);
    Random random = new Random(5);
    for (int i = 0; i < 40; i++) {
      // The last blocks of a tar archive are empty, and may be missing.
      byte[] part = Arrays.copyOf(archive, random.nextInt(archive.length - 16 * 1024));
      DaemonException refused =
          assertThrows(
              DaemonException.class,
              () -> read(part, false, new MemoryContentStore()),
              () -> "after " + part.length);
      assertTrue(
          refused instanceof InvalidArgumentException || refused instanceof DataLossException,
          refused::toString);
    }
  }

  @Test
  @DisplayName("ARCHIVE-READ-04 a blob that was changed is refused, or its digest is another")
  void changed() {
    Descriptor image = image(layer(6));
    byte[] archive = write(image, false);
    int at = indexOf(archive, Arrays.copyOfRange(layer(6), 40_000, 40_064));
    archive[at]++;
    MemoryContentStore into = new MemoryContentStore();
    try {
      read(archive, false, into);
    } catch (InvalidArgumentException | DataLossException e) {
      return;
    }
    assertThrows(NotFoundException.class, () -> into.info(Digest.of(layer(6))));
  }

  private static int indexOf(byte[] bytes, byte[] part) {
    for (int i = 0; i <= bytes.length - part.length; i++) {
      if (Arrays.equals(bytes, i, i + part.length, part, 0, part.length)) {
        return i;
      }
    }
    throw new AssertionError("the layer is not in the archive as it is");
  }

  @Test
  @DisplayName("ARCHIVE-READ-05 an archive that cannot be read fails, and an interrupt ends it")
  void unreadable() {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("the line went down");
          }
        };
    assertThrows(
        DaemonException.class, () -> archives.read(broken, false, new MemoryContentStore()));
  }

  @Test
  @DisplayName("ARCHIVE-WRITE-01 a blob that is missing fails the writing")
  void missing() {
    Descriptor image = image(layer(7));
    blobs.add(new Descriptor(LAYER, Digest.of(new byte[] {9}), 1));
    assertThrows(NotFoundException.class, () -> write(image, false));
  }
}
