package dev.carafe.services;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.engine.pull.ImagePuller;
import dev.carafe.engine.pull.ImageVerification;
import dev.carafe.engine.pull.LayerApplier;
import dev.carafe.engine.pull.Progress;
import dev.carafe.engine.pull.PullConfig;
import dev.carafe.engine.pull.PullRequest;
import dev.carafe.engine.stores.Image;
import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.Stores;
import dev.carafe.oci.ImageDocument;
import dev.carafe.oci.MediaTypes;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.images.ImageName;
import dev.carafe.spi.images.SourceOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pulls that go wrong, over real metadata. */
@Timeout(60)
class ImagePullerTest extends ServiceTest {
  private static final Namespace NAMESPACE = new Namespace(Wire.NAMESPACE);
  private static final String NAME = "r.example/app:v1";
  private static final Platform AMD = new Platform("linux", "amd64", "");
  private static final String LAYER = "a layer of some length";

  private final FakeRegistry registry = new FakeRegistry();
  private final TextDiffer differ = new TextDiffer();
  private ImagePuller puller;

  @Override
  void connect() {
    puller =
        new ImagePuller(
            wire.metadata,
            registry.sources(),
            registry.formats(),
            ImageVerification.NONE,
            new LayerApplier(List.of(differ), List.of(), PullConfig.DEFAULT),
            PullConfig.DEFAULT);
  }

  private Image pull(String lease, boolean unpack) {
    return puller.pull(
        NAMESPACE,
        lease,
        new PullRequest(
            ImageName.parse(NAME),
            "image",
            SourceOptions.DEFAULT,
            List.of(),
            false,
            0,
            unpack ? List.of(new PullRequest.Unpack(AMD, "memory")) : List.of(),
            Map.of()),
        Progress.NONE);
  }

  private Stores stores() {
    return wire.stores();
  }

  private void assertNothingNamedOrHeld() {
    assertThrows(NotFoundException.class, () -> stores().images().get("image"));
    assertEquals(List.of(), stores().leases().list());
  }

  private static boolean isLayer(Descriptor blob) {
    return blob.mediaType().equals(MediaTypes.OCI_LAYER);
  }

  private List<String> layersSent() {
    return registry.sent().stream().filter(blob -> !blob.startsWith("{")).toList();
  }

  /** The first bytes, and then what happens to a connection. */
  private static InputStream broken(byte[] bytes, int after) {
    return new InputStream() {
      private int position;

      @Override
      public int read() throws IOException {
        if (position == after) {
          throw new IOException("connection reset");
        }
        return bytes[position++];
      }

      @Override
      public int read(byte[] into, int offset, int length) throws IOException {
        into[offset] = (byte) read();
        return 1;
      }
    };
  }

  @Test
  void aLayerThatBreaksOffIsResumedByTheNextPull() {
    // Given
    registry.name(NAME, registry.image(AMD, LAYER));
    registry.fault((blob, _, bytes) -> isLayer(blob) ? broken(bytes, 7) : null);

    // When
    assertThrows(RuntimeException.class, () -> pull("", false));

    // Then
    assertNothingNamedOrHeld();
    registry.fault((_, _, _) -> null);
    registry.sent();

    // When
    pull("", false);

    // Then
    assertEquals(List.of(LAYER + "@7"), layersSent());
    assertEquals(List.of(), stores().content().ingests());
  }

  @Test
  void bytesOfAnotherDigestAreThrownAway() {
    // Given
    registry.name(NAME, registry.image(AMD, LAYER));
    registry.fault((blob, _, bytes) ->
        isLayer(blob) ? new ByteArrayInputStream(new byte[bytes.length]) : null);

    // When
    assertThrows(DaemonException.class, () -> pull("", false));

    // Then
    assertNothingNamedOrHeld();
    assertEquals(List.of(), stores().content().ingests());
    registry.fault((_, _, _) -> null);
    registry.sent();

    // When
    pull("", false);

    // Then
    assertEquals(List.of(LAYER + "@0"), layersSent());
  }

  @Test
  void aRegistryThatNeverEndsIsNotListenedToForEver() {
    // Given
    registry.name(NAME, registry.image(AMD, LAYER));
    InputStream endless =
        new InputStream() {
          @Override
          public int read() {
            return 'x';
          }
        };
    registry.fault((blob, _, _) -> isLayer(blob) ? endless : null);

    // When
    assertThrows(DaemonException.class, () -> pull("", false));

    // Then
    assertNothingNamedOrHeld();
    assertEquals(List.of(), stores().content().ingests());
  }

  @Test
  void aLayerThatIsNotWhatTheConfigurationSaysIsNoSnapshot() {
    // Given
    Descriptor layer = registry.layer("what comes");
    Descriptor config =
        registry.blob(
            MediaTypes.OCI_CONFIG,
            "{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}"
                .formatted(Records.digest("what was said")));
    registry.name(
        NAME,
        registry.blob(
            MediaTypes.OCI_MANIFEST,
            "{\"config\":{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d},\"layers\":[{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}]}"
                .formatted(
                    config.mediaType(),
                    config.digest(),
                    config.size(),
                    layer.mediaType(),
                    layer.digest(),
                    layer.size())));

    // When
    DataLossException failure = assertThrows(DataLossException.class, () -> pull("", true));

    // Then
    assertTrue(failure.getMessage().contains("wrong diff id"), failure::toString);
    assertNothingNamedOrHeld();
    List<String> snapshots = new ArrayList<>();
    stores().snapshotter("memory").forEach(snapshot -> snapshots.add(snapshot.key().value()));
    assertEquals(List.of(), snapshots);
  }

  @Test
  void documentsThatAreNotWhatTheyWereAnnouncedAsAreRefused() {
    for (String text :
        List.of(
            "{\"config\":{},\"manifests\":[]}",
            "{\"mediaType\":\"" + MediaTypes.DOCKER_MANIFEST + "\",\"config\":{}}",
            "{\"layers\":[]}",
            "no JSON")) {
      registry.name(NAME, registry.blob(MediaTypes.OCI_MANIFEST, text));
      assertThrows(InvalidArgumentException.class, () -> pull("", false), text);
    }
    registry.name(NAME, registry.blob("text/plain", "{}"));
    assertThrows(InvalidArgumentException.class, () -> pull("", false));
    assertNothingNamedOrHeld();
  }

  @Test
  void indexesOfIndexesHaveAnEnd() {
    // Given
    Descriptor nested = registry.index(registry.image(AMD, LAYER));
    for (int i = 0; i < 5; i++) {
      nested = registry.index(nested);
    }
    registry.name(NAME, nested);

    // Then
    assertThrows(UnimplementedException.class, () -> pull("", false));
    assertNothingNamedOrHeld();
  }

  @Test
  void aDocumentThatIsTooLargeIsNotFetched() {
    // Given
    Descriptor small = registry.blob(MediaTypes.OCI_INDEX, "{\"manifests\":[]}");
    registry.name(
        NAME, new Descriptor(small.mediaType(), small.digest(), ImageDocument.LIMIT + 1L));

    // Then
    assertThrows(ResourceExhaustedException.class, () -> pull("", false));
    assertEquals(List.of(), registry.sent());
  }

  @Test
  void anImageForNoneOfThePlatformsIsNotFound() {
    // Given
    registry.name(NAME, registry.index());

    // Then
    assertThrows(NotFoundException.class, () -> pull("", false));
    assertNothingNamedOrHeld();
  }

  @Test
  void aLayerIsFetchedOnceForAllWhoWantItAtTheSameTime() throws Exception {
    // Given
    registry.name(NAME, registry.image(AMD, LAYER));
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    registry.fault((blob, _, _) -> {
      if (isLayer(blob)) {
        asked.countDown();
        await(goOn);
      }
      return null;
    });
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      // When
      Future<Image> first = clients.submit(() -> pull("", true));
      assertTrue(asked.await(30, TimeUnit.SECONDS));
      Future<Image> second = clients.submit(() -> pull("", true));
      goOn.countDown();

      // Then
      assertEquals(
          first.get(30, TimeUnit.SECONDS).target(), second.get(30, TimeUnit.SECONDS).target());
    }
    assertEquals(List.of(LAYER + "@0"), layersSent());
    assertEquals(List.of(LAYER), differ.applied);
  }

  private static void await(CountDownLatch latch) {
    try {
      if (!latch.await(30, TimeUnit.SECONDS)) {
        throw new AssertionError("nobody lets it go on");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aPullThatIsCancelledEndsAndLetsGo() throws Exception {
    // Given
    registry.name(NAME, registry.image(AMD, LAYER));
    CountDownLatch asked = new CountDownLatch(1);
    InputStream silent =
        new InputStream() {
          @Override
          public int read() throws IOException {
            asked.countDown();
            try {
              new CountDownLatch(1).await();
            } catch (InterruptedException e) {
              throw new InterruptedIOException("interrupted");
            }
            return -1;
          }
        };
    registry.fault((blob, _, _) -> isLayer(blob) ? silent : null);
    AtomicReference<Object> end = new AtomicReference<>();

    // When
    Thread pulling =
        Thread.ofVirtual()
            .start(() -> {
              try {
                end.set(pull("", false));
              } catch (RuntimeException e) {
                end.set(e);
              }
            });
    assertTrue(asked.await(30, TimeUnit.SECONDS));
    pulling.interrupt();

    // Then
    assertTrue(pulling.join(Duration.ofSeconds(30)));
    assertInstanceOf(DaemonException.class, end.get());
    assertNothingNamedOrHeld();
  }

  @Test
  void theCallersLeaseIsKeptAndHoldsWhatWasPulled() {
    // Given
    registry.name(NAME, registry.image(AMD, LAYER));
    Lease lease = stores().leases().open(Duration.ofHours(1));

    // When
    pull(lease.id(), true);
    stores().images().delete("image", null);
    wire.collect();

    // Then
    assertEquals(LAYER.length(), stores().content().info(Records.digest(LAYER)).size());
    assertEquals(1, stores().leases().list().size());

    // When
    stores().leases().delete(lease.id());
    wire.collect();

    // Then
    assertThrows(NotFoundException.class, () -> stores().content().info(Records.digest(LAYER)));
  }

  @Test
  void aLeaseThatDoesNotExistHoldsNothing() {
    registry.name(NAME, registry.image(AMD, LAYER));
    assertThrows(NotFoundException.class, () -> pull("nobody", false));
    assertThrows(NotFoundException.class, () -> stores().images().get("image"));
  }
}
