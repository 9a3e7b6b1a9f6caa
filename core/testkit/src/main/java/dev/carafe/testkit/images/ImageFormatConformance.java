package dev.carafe.testkit.images;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.images.ImageFormat;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import dev.carafe.testkit.content.MemoryContentStore;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The contract of {@link ImageFormat} as tests: what is an image of the format becomes one that the
 * daemon can run, and what is not is refused. Subclass it and bring samples. Every check has an id
 * that is never used for another.
 */
@Timeout(60)
@ExtendWith(LeakCheck.class)
public abstract class ImageFormatConformance {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final List<String> INDEXES =
      List.of(
          "application/vnd.oci.image.index.v1+json",
          "application/vnd.docker.distribution.manifest.list.v2+json");
  private static final List<String> MANIFESTS =
      List.of(
          "application/vnd.oci.image.manifest.v1+json",
          "application/vnd.docker.distribution.manifest.v2+json");

  private ImageFormat format;

  /**
   * An image of the format at a source.
   *
   * @param blobs what the source has, by digest; the target is one of them
   */
  public record Sample(Descriptor target, Map<Digest, byte[]> blobs) {
    public Sample {
      blobs = Map.copyOf(blobs);
    }
  }

  /** Opens it over a private directory. */
  protected abstract ImageFormat open(Path directory) throws Exception;

  /** An image with a document; empty if the format has only archives. */
  protected abstract Optional<Sample> document();

  /** An archive; empty if the format has none. */
  protected Optional<byte[]> archive() {
    return Optional.empty();
  }

  @BeforeEach
  void open(WorkDirectory work) throws Exception {
    format = open(work.path());
    if (format instanceof AutoCloseable closeable) {
      work.closeLater(closeable);
    }
  }

  private Descriptor convert(Sample sample, MemoryContentStore into) {
    return format.convert(
        sample.target(), SampleImage.repository(sample.target(), sample.blobs()), into);
  }

  private Descriptor read(byte[] archive, MemoryContentStore into) {
    return format.read(new ByteArrayInputStream(archive), into);
  }

  /** Everything that an image refers to is there, and is what its descriptor says. */
  private static void assertWhole(
      Descriptor document, Map<Digest, byte[]> elsewhere, MemoryContentStore content)
      throws IOException {
    JsonNode tree = JSON.readTree(bytes(document, elsewhere, content));
    if (INDEXES.contains(document.mediaType())) {
      assertTrue(tree.path("manifests").size() > 0, () -> "an index of nothing: " + tree);
      for (JsonNode manifest : tree.path("manifests")) {
        assertWhole(descriptor(manifest), elsewhere, content);
      }
      return;
    }
    assertTrue(MANIFESTS.contains(document.mediaType()), document::toString);
    JsonNode config = JSON.readTree(bytes(descriptor(tree.path("config")), elsewhere, content));
    assertEquals(
        tree.path("layers").size(), config.path("rootfs").path("diff_ids").size(), tree::toString);
    for (JsonNode layer : tree.path("layers")) {
      bytes(descriptor(layer), elsewhere, content);
    }
  }

  private static Descriptor descriptor(JsonNode json) {
    return new Descriptor(
        json.path("mediaType").asText(),
        Digest.parse(json.path("digest").asText()),
        json.path("size").asLong());
  }

  private static byte[] bytes(
      Descriptor blob, Map<Digest, byte[]> elsewhere, MemoryContentStore content) {
    byte[] bytes = elsewhere.get(blob.digest());
    if (bytes == null) {
      try (BlobReader reader = content.open(blob.digest())) {
        bytes = reader.readAll(64 << 20);
      } catch (NotFoundException e) {
        throw new AssertionError(blob + " is neither stored nor at the source", e);
      }
    }
    assertEquals(blob.size(), bytes.length, blob::toString);
    assertEquals(blob.digest(), Digest.of(bytes));
    return bytes;
  }

  @Test
  @DisplayName("FORMAT-DOC-01 an image becomes an index or manifest with all that it refers to")
  void whole() throws Exception {
    if (document().isPresent()) {
      MemoryContentStore into = new MemoryContentStore();
      assertWhole(convert(document().get(), into), document().get().blobs(), into);
    }
  }

  @Test
  @DisplayName("FORMAT-DOC-02 the same image becomes the same, and nothing half done is left")
  void again() {
    if (document().isPresent()) {
      MemoryContentStore into = new MemoryContentStore();
      Descriptor first = convert(document().get(), into);
      assertEquals(first, convert(document().get(), into));
      assertEquals(first, convert(document().get(), new MemoryContentStore()));
      assertEquals(List.of(), List.copyOf(into.ingests()));
    }
  }

  @Test
  @DisplayName("FORMAT-DOC-03 the media types are those of its documents")
  void mediaTypes() {
    assertEquals(format.mediaTypes(), format.mediaTypes());
    assertEquals(document().isPresent(), !format.mediaTypes().isEmpty());
    document()
        .ifPresent(sample -> assertTrue(format.mediaTypes().contains(sample.target().mediaType())));
  }

  @Test
  @DisplayName("FORMAT-DOC-04 a damaged document is refused, or left to the daemon's own checks")
  void damaged() {
    for (String mediaType : format.mediaTypes()) {
      for (byte[] noise :
          List.of(new byte[0], new byte[4096], "[{}]".getBytes(StandardCharsets.UTF_8))) {
        Descriptor target = new Descriptor(mediaType, Digest.of(noise), noise.length);
        Descriptor result;
        try {
          result =
              convert(new Sample(target, Map.of(target.digest(), noise)), new MemoryContentStore());
        } catch (DaemonException e) {
          assertFalse(String.valueOf(e.getMessage()).isBlank());
          continue;
        }
        assertEquals(target, result);
      }
    }
  }

  @Test
  @DisplayName("FORMAT-READ-01 its archives are recognised, and no others")
  void recognises() {
    byte[] random = new byte[ImageFormat.BEGINNING];
    new Random(7).nextBytes(random);
    for (byte[] other : List.of(new byte[0], new byte[1], new byte[10_240], random)) {
      assertFalse(format.recognises(other));
    }
    archive()
        .ifPresent(archive ->
            assertTrue(
                format.recognises(
                    Arrays.copyOf(archive, Math.min(archive.length, ImageFormat.BEGINNING)))));
  }

  @Test
  @DisplayName("FORMAT-READ-02 an archive becomes an index with all that it refers to")
  void reads() throws Exception {
    if (archive().isEmpty()) {
      assertThrows(UnimplementedException.class, () -> read(new byte[0], new MemoryContentStore()));
      return;
    }
    MemoryContentStore into = new MemoryContentStore();
    Descriptor index = read(archive().get(), into);
    assertTrue(INDEXES.contains(index.mediaType()), index::toString);
    assertWhole(index, Map.of(), into);
    assertEquals(index, read(archive().get(), new MemoryContentStore()));
  }

  @Test
  @DisplayName("FORMAT-READ-03 an archive that was cut off is refused wherever it ends")
  void cutOff() {
    byte[] archive = archive().orElse(new byte[0]);
    Random random = new Random(8);
    for (int i = 0; i < 40 && archive.length > 0; i++) {
      byte[] part = Arrays.copyOf(archive, random.nextInt(archive.length));
      DaemonException refused =
          assertThrows(
              DaemonException.class,
              () -> read(part, new MemoryContentStore()),
              () -> "after " + part.length);
      assertTrue(
          refused instanceof InvalidArgumentException || refused instanceof DataLossException,
          refused::toString);
    }
  }

  @Test
  @DisplayName("FORMAT-READ-04 an archive that cannot be read fails")
  void unreadable() {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("the line went down");
          }
        };
    assertThrows(DaemonException.class, () -> format.read(broken, new MemoryContentStore()));
  }
}
