package dev.carafe.testkit.images;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.OutOfRangeException;
import dev.carafe.spi.images.ImageFile;
import dev.carafe.spi.images.ImageLocation;
import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.images.ImageSource.Repository;
import dev.carafe.spi.images.SourceOptions;
import dev.carafe.testkit.Race;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The contract of {@link ImageSource} as tests, for reading. Subclass it and say how images get to
 * where yours finds them. Every check has an id that is never used for another.
 */
@Timeout(60)
public abstract class ImageSourceConformance {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final SampleImage IMAGE = SampleImage.of(1, 300_000, 70_001, 1);
  private static final Digest UNKNOWN = Digest.of(new byte[] {9, 9});

  private Place place;

  /** Where a source finds images. */
  public interface Place extends AutoCloseable {
    ImageSource source();

    SourceOptions options();

    /**
     * Puts an image there. Configuration and layers keep their digests; whether the manifest does,
     * depends on the place.
     *
     * @param tag tells it from others
     */
    ImageLocation put(SampleImage image, String tag) throws Exception;

    /** Where an image of that tag would be, were it there. */
    ImageLocation nothing(String tag) throws Exception;

    @Override
    void close() throws Exception;
  }

  /** Makes an empty place. */
  protected abstract Place place() throws Exception;

  @BeforeEach
  void open() throws Exception {
    place = place();
  }

  @AfterEach
  void close() throws Exception {
    place.close();
  }

  private Repository open(ImageLocation location) {
    return place.source().open(location, place.options());
  }

  private static byte[] bytes(Repository image, Descriptor blob, long offset) throws IOException {
    try (InputStream in = image.fetch(blob, offset)) {
      return in.readAllBytes();
    }
  }

  private static JsonNode manifest(Repository image) throws IOException {
    return JSON.readTree(bytes(image, image.target(), 0));
  }

  @Test
  @DisplayName("SOURCE-OPEN-01 the target is what its bytes are")
  void target() throws Exception {
    try (Repository image = open(place.put(IMAGE, "one"))) {
      byte[] manifest = bytes(image, image.target(), 0);
      assertEquals(image.target().digest(), Digest.of(manifest));
      assertEquals(image.target().size(), manifest.length);
      assertTrue(image.target().mediaType().endsWith("+json"), image.target()::toString);
    }
  }

  @Test
  @DisplayName("SOURCE-OPEN-02 the same image has the same target each time")
  void again() throws Exception {
    ImageLocation location = place.put(IMAGE, "one");
    try (Repository first = open(location);
        Repository second = open(location)) {
      assertEquals(first.target(), second.target());
    }
  }

  @Test
  @DisplayName("SOURCE-OPEN-03 where nothing is, nothing is found")
  void nothing() throws Exception {
    place.put(IMAGE, "one");
    ImageLocation nowhere = place.nothing("two");
    assertThrows(NotFoundException.class, () -> open(nowhere).close());
  }

  @Test
  @DisplayName("SOURCE-OPEN-04 only locations of its transports are taken")
  void transports() throws Exception {
    ImageLocation location = place.put(IMAGE, "one");
    assertTrue(place.source().transports().contains(location.transport()));
    assertThrows(
        InvalidArgumentException.class,
        () -> open(ImageFile.parse("no-such-transport:/image")).close());
  }

  @Test
  @DisplayName("SOURCE-OPEN-05 one image does not stand for another")
  void several() throws Exception {
    SampleImage other = SampleImage.of(2, 5_000);
    ImageLocation first = place.put(IMAGE, "one");
    ImageLocation second = place.put(other, "two");
    try (Repository one = open(first);
        Repository two = open(second)) {
      assertEquals(3, manifest(one).path("layers").size());
      assertEquals(1, manifest(two).path("layers").size());
      assertArrayEquals(other.bytes(other.config()), bytes(two, other.config(), 0));
    }
  }

  @Test
  @DisplayName("SOURCE-FETCH-01 every blob is there, byte by byte")
  void blobs() throws Exception {
    try (Repository image = open(place.put(IMAGE, "one"))) {
      JsonNode manifest = manifest(image);
      assertEquals(
          IMAGE.config().digest().toString(), manifest.path("config").path("digest").asText());
      assertArrayEquals(IMAGE.bytes(IMAGE.config()), bytes(image, IMAGE.config(), 0));
      for (int i = 0; i < IMAGE.layers().size(); i++) {
        Descriptor layer = IMAGE.layers().get(i);
        assertEquals(
            layer.digest().toString(), manifest.path("layers").path(i).path("digest").asText());
        assertEquals(layer.size(), manifest.path("layers").path(i).path("size").asLong());
        assertArrayEquals(IMAGE.bytes(layer), bytes(image, layer, 0));
      }
    }
  }

  @Test
  @DisplayName("SOURCE-FETCH-02 a blob is taken up at any offset")
  void offsets() throws Exception {
    Descriptor layer = IMAGE.layers().getFirst();
    byte[] whole = IMAGE.bytes(layer);
    try (Repository image = open(place.put(IMAGE, "one"))) {
      for (int offset : new int[] {1, 511, 65_536, whole.length - 1, whole.length}) {
        assertArrayEquals(
            Arrays.copyOfRange(whole, offset, whole.length),
            bytes(image, layer, offset),
            () -> "from " + offset);
      }
    }
  }

  @Test
  @DisplayName("SOURCE-FETCH-03 a blob that is not there is not found")
  void missing() throws Exception {
    try (Repository image = open(place.put(IMAGE, "one"))) {
      Descriptor unknown = new Descriptor(IMAGE.layers().getFirst().mediaType(), UNKNOWN, 2);
      assertThrows(NotFoundException.class, () -> bytes(image, unknown, 0));
    }
  }

  @Test
  @DisplayName("SOURCE-FETCH-04 an offset outside of the blob is refused")
  void outside() throws Exception {
    Descriptor layer = IMAGE.layers().getFirst();
    try (Repository image = open(place.put(IMAGE, "one"))) {
      assertThrows(OutOfRangeException.class, () -> bytes(image, layer, -1));
      assertThrows(OutOfRangeException.class, () -> bytes(image, layer, layer.size() + 1));
    }
  }

  @Test
  @DisplayName("SOURCE-FETCH-05 many read at once")
  void concurrent() throws Exception {
    try (Repository image = open(place.put(IMAGE, "one"))) {
      List<Callable<Boolean>> readers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        Descriptor layer = IMAGE.layers().get(i % 2);
        readers.add(() -> Arrays.equals(IMAGE.bytes(layer), bytes(image, layer, 0)));
      }
      for (Race.Outcome<Boolean> outcome : Race.run(readers)) {
        assertEquals(Boolean.TRUE, outcome.value());
      }
    }
  }

  @Test
  @DisplayName("SOURCE-CLOSE-01 closing twice is closing once")
  void twice() throws Exception {
    Repository image = open(place.put(IMAGE, "one"));
    image.close();
    image.close();
  }
}
