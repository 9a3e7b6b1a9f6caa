package dev.carafe.testkit.images;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.images.ImageDestination;
import dev.carafe.spi.images.ImageDestination.Outcome;
import dev.carafe.testkit.Race;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The contract of {@link ImageDestination} as tests. Subclass it and say what place it leads to.
 * Every check has an id that is never used for another.
 */
@Timeout(60)
public abstract class ImageDestinationConformance {
  private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  private static final byte[] LAYER = noise(3_000_000);

  private Place place;
  private ImageDestination destination;

  /** A place with two repositories, empty at first. */
  public interface Place extends AutoCloseable {
    /** Opens the repository {@code one/image} for the name {@code tag}. */
    ImageDestination open() throws Exception;

    /** A blob of that repository. */
    Optional<byte[]> blob(Digest digest);

    /** What a name or digest stands for in that repository. */
    Optional<byte[]> manifest(String nameOrDigest);

    /** Puts a blob into the repository {@code other/image}, and says what that is called. */
    String putElsewhere(byte[] bytes) throws Exception;

    @Override
    void close() throws Exception;
  }

  /** Makes an empty place. */
  protected abstract Place place() throws Exception;

  @BeforeEach
  void open() throws Exception {
    place = place();
    destination = place.open();
  }

  @AfterEach
  void close() throws Exception {
    destination.close();
    place.close();
  }

  private static byte[] noise(int size) {
    byte[] bytes = new byte[size];
    new Random(4).nextBytes(bytes);
    return bytes;
  }

  private static Descriptor layer(byte[] bytes) {
    return new Descriptor("application/vnd.oci.image.layer.v1.tar", Digest.of(bytes), bytes.length);
  }

  private static ImageDestination.Content content(byte[] bytes) {
    return offset -> new ByteArrayInputStream(bytes, (int) offset, bytes.length - (int) offset);
  }

  private Outcome push(byte[] bytes, String... elsewhere) {
    return destination.push(layer(bytes), content(bytes), List.of(elsewhere));
  }

  private byte[] manifest(byte[] layer) {
    push(layer);
    byte[] config = "{}".getBytes(StandardCharsets.UTF_8);
    destination.push(
        new Descriptor(
            "application/vnd.oci.image.config.v1+json", Digest.of(config), config.length),
        content(config),
        List.of());
    return """
    {"schemaVersion": 2, "mediaType": "%s",
     "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": "%s", "size": %d},
     "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar",
                 "digest": "%s", "size": %d}]}
    """
        .formatted(MANIFEST, Digest.of(config), config.length, Digest.of(layer), layer.length)
        .getBytes(StandardCharsets.UTF_8);
  }

  private static Descriptor described(byte[] manifest) {
    return new Descriptor(MANIFEST, Digest.of(manifest), manifest.length);
  }

  private static void assertIs(byte[] expected, Optional<byte[]> found) {
    assertArrayEquals(expected, found.orElseThrow());
  }

  @Test
  @DisplayName("DEST-BLOB-01 a blob arrives, and the second time is there")
  void blob() {
    assertEquals(Outcome.UPLOADED, push(LAYER));
    assertIs(LAYER, place.blob(Digest.of(LAYER)));
    assertEquals(Outcome.EXISTED, push(LAYER));
  }

  @Test
  @DisplayName("DEST-BLOB-02 a blob of another repository is taken over, or sent all the same")
  void elsewhere() throws Exception {
    String other = place.putElsewhere(LAYER);
    assertTrue(push(LAYER, "not/there", other) != Outcome.EXISTED);
    assertIs(LAYER, place.blob(Digest.of(LAYER)));
  }

  @Test
  @DisplayName("DEST-BLOB-03 an empty blob arrives")
  void empty() {
    push(new byte[0]);
    assertIs(new byte[0], place.blob(Digest.of(new byte[0])));
  }

  @Test
  @DisplayName("DEST-BLOB-04 bytes that are not the digest's do not become the blob")
  void wrongBytes() {
    byte[] wrong = Arrays.copyOf(LAYER, LAYER.length);
    wrong[7]++;
    assertThrows(
        DaemonException.class, () -> destination.push(layer(LAYER), content(wrong), List.of()));
    assertEquals(Optional.empty(), place.blob(Digest.of(LAYER)));
  }

  @Test
  @DisplayName("DEST-BLOB-05 content that ends too early, or cannot be read, fails the push")
  void shortBytes() {
    byte[] half = Arrays.copyOf(LAYER, LAYER.length / 2);
    assertThrows(
        DaemonException.class,
        () ->
            destination.push(
                layer(LAYER),
                offset ->
                    offset > half.length
                        ? InputStream.nullInputStream()
                        : content(half).open(offset),
                List.of()));
    assertThrows(
        DaemonException.class,
        () ->
            destination.push(
                layer(LAYER),
                _ -> {
                  throw new IOException("cannot be read");
                },
                List.of()));
    assertEquals(Optional.empty(), place.blob(Digest.of(LAYER)));
  }

  @Test
  @DisplayName("DEST-MANIFEST-01 a manifest has its digest, and the name where it is to")
  void manifests() {
    byte[] manifest = manifest(LAYER);
    destination.push(described(manifest), manifest, false);
    assertIs(manifest, place.manifest(Digest.of(manifest).toString()));
    assertEquals(Optional.empty(), place.manifest("tag"));
    destination.push(described(manifest), manifest, true);
    assertIs(manifest, place.manifest("tag"));
  }

  @Test
  @DisplayName("DEST-MANIFEST-02 a name moves to what was pushed last")
  void moves() {
    byte[] first = manifest(LAYER);
    byte[] second = manifest(noise(1000));
    destination.push(described(first), first, true);
    destination.push(described(second), second, true);
    assertIs(second, place.manifest("tag"));
    assertIs(first, place.manifest(Digest.of(first).toString()));
  }

  @Test
  @DisplayName("DEST-CONC-01 many blobs at once")
  void concurrent() {
    List<Callable<Outcome>> calls = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      byte[] bytes = noise(50_000 + i);
      calls.add(() -> push(bytes));
    }
    assertEquals(8, Race.run(calls).stream().filter(Race.Outcome::succeeded).count(), "all arrive");
    for (int i = 0; i < 8; i++) {
      byte[] bytes = noise(50_000 + i);
      assertIs(bytes, place.blob(Digest.of(bytes)));
    }
  }

  @Test
  @DisplayName(
      "DEST-FAIL-01 an interrupt breaks off a push on a virtual thread, as the daemon's are")
  void interrupted() throws Exception {
    CompletableFuture<Throwable> ended = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          Thread.currentThread().interrupt();
          try {
            push(LAYER);
            ended.complete(new AssertionError("the push went through"));
          } catch (Throwable e) {
            ended.complete(e);
          }
        });
    Throwable failure = ended.get(30, TimeUnit.SECONDS);
    assertTrue(failure instanceof DaemonException, failure::toString);
    assertEquals(Optional.empty(), place.blob(Digest.of(LAYER)));
  }
}
