package dev.carafe.plugin.snapshotter.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.services.snapshots.v1.PrepareSnapshotRequest;
import dev.carafe.engine.pull.ImageFormats;
import dev.carafe.engine.pull.ImagePuller;
import dev.carafe.engine.pull.ImageSources;
import dev.carafe.engine.pull.ImageVerification;
import dev.carafe.engine.pull.LayerApplier;
import dev.carafe.engine.pull.Progress;
import dev.carafe.engine.pull.PullConfig;
import dev.carafe.engine.pull.PullRequest;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.metadata.MetadataConfig;
import dev.carafe.metadata.MetadataFactory;
import dev.carafe.plugin.proxy.support.Peer;
import dev.carafe.plugin.proxy.testing.LazySnapshots;
import dev.carafe.plugin.proxy.testing.NoEvents;
import dev.carafe.plugin.proxy.testing.PeerServer;
import dev.carafe.plugin.proxy.testing.TestContext;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.diffs.AppliedLayer;
import dev.carafe.spi.diffs.ApplyRequest;
import dev.carafe.spi.diffs.DiffRequest;
import dev.carafe.spi.diffs.Differ;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.images.ImageFormat;
import dev.carafe.spi.images.ImageLocation;
import dev.carafe.spi.images.ImageName;
import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.images.SourceOptions;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import dev.carafe.testkit.content.MemoryContentStore;
import dev.carafe.testkit.images.SampleImage;
import dev.carafe.testkit.metadata.MemoryMetadataDatabase;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Pulls into a snapshotter that has some layers without anybody fetching them. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
class LazyPullTest {
  private static final Namespace NAMESPACE = new Namespace("testing");
  private static final String NAME = "r.example/app:v1";
  private static final SampleImage IMAGE = SampleImage.of(1, 1000, 2000, 3000);
  private static final String HINT = "containerd.io/snapshot/cri.";

  private final List<Digest> fetched = new CopyOnWriteArrayList<>();
  private final List<String> chain = chain();
  private WorkDirectory work;
  private Metadata metadata;

  @BeforeEach
  void directory(WorkDirectory directory) {
    work = directory;
  }

  /** OCI image specification, "Layer ChainID". */
  private static List<String> chain() {
    List<String> chain = new ArrayList<>();
    for (Descriptor layer : IMAGE.layers()) {
      String own = layer.digest().toString();
      chain.add(
          chain.isEmpty()
              ? own
              : Digest.of((chain.getLast() + " " + own).getBytes(StandardCharsets.UTF_8))
                  .toString());
    }
    return chain;
  }

  /** Pulls with a snapshotter that has the lowest layers. */
  private LazySnapshots pull(int elsewhere, String... capabilities) {
    LazySnapshots lazy = new LazySnapshots(Set.copyOf(chain.subList(0, elsewhere)));
    var socket = work.path().resolve("s");
    work.closeLater(PeerServer.start(socket, lazy));
    ProxySnapshotter proxy =
        work.closeLater(
            new ProxySnapshotter(
                Peer.open(PeerServer.settings(socket, capabilities)), Set.of(capabilities)));
    TestContext context =
        new TestContext(work.path())
            .with(PluginTypes.METADATA_DATABASE, "memory", new MemoryMetadataDatabase())
            .<ContentStore>with(PluginTypes.CONTENT_STORE, "memory", new MemoryContentStore())
            .<Snapshotter>with(PluginTypes.SNAPSHOTTER, "lazy", proxy)
            .<EventBus>with(PluginTypes.EVENT_BUS, "none", new NoEvents());
    metadata = new MetadataFactory().create(context, MetadataConfig.DEFAULT);
    if (metadata instanceof AutoCloseable closeable) {
      work.closeLater(closeable);
    }
    Platform platform = new Platform("linux", "amd64", "");
    new ImagePuller(
            metadata,
            new ImageSources(Map.of("sample", new Source())),
            new ImageFormats(Map.of("oci", new Oci())),
            ImageVerification.NONE,
            new LayerApplier(List.of(new Reader()), List.of(), PullConfig.DEFAULT),
            PullConfig.DEFAULT)
        .pull(
            NAMESPACE,
            "",
            new PullRequest(
                ImageName.parse(NAME),
                NAME,
                SourceOptions.DEFAULT,
                List.of(),
                false,
                0,
                List.of(new PullRequest.Unpack(platform, "lazy")),
                Map.of()),
            Progress.NONE);
    return lazy;
  }

  /** The layers are there, and nothing else: what else the process has is garbage. */
  private void assertUnpacked() {
    Snapshotter snapshots = metadata.stores(NAMESPACE).snapshotter("lazy");
    Set<String> found = new TreeSet<>();
    snapshots.forEach(snapshot -> {
      assertInstanceOf(Snapshot.Committed.class, snapshot);
      found.add(snapshot.key().value());
    });
    assertEquals(new TreeSet<>(chain), found);
  }

  private List<Digest> layersFetched() {
    return fetched.stream()
        .filter(digest -> IMAGE.layers().stream().anyMatch(layer -> layer.digest().equals(digest)))
        .sorted(java.util.Comparator.comparing(Digest::toString))
        .toList();
  }

  private static List<Digest> layers(int from) {
    return IMAGE.layers().subList(from, IMAGE.layers().size()).stream()
        .map(Descriptor::digest)
        .sorted(java.util.Comparator.comparing(Digest::toString))
        .toList();
  }

  @Test
  void layersThatTheSnapshotterHasAreNotFetched() {
    // When
    LazySnapshots lazy = pull(3);

    // Then
    assertEquals(List.of(), layersFetched());
    assertUnpacked();
    assertEquals(3, lazy.prepared().size());
    assertEquals(3, lazy.snapshots().size());
  }

  @Test
  void aLayerIsOfferedWithWhatTheSnapshotterNeedsToFindIt() {
    // When
    PrepareSnapshotRequest second = pull(3).prepared().get(1);

    // Then
    assertTrue(second.getParent().contains(chain.getFirst()), second::toString);
    assertEquals(
        Map.of(
            "containerd.io/snapshot.ref",
            chain.get(1),
            HINT + "image-ref",
            NAME,
            HINT + "manifest-digest",
            IMAGE.manifest().digest().toString(),
            HINT + "layer-digest",
            IMAGE.layers().get(1).digest().toString(),
            HINT + "image-layers",
            IMAGE.layers().get(1).digest() + "," + IMAGE.layers().get(2).digest()),
        second.getLabelsMap());
  }

  @Test
  void theOthersAreFetchedAndNothingOfTheOfferIsLeft() {
    for (String[] capabilities : new String[][] {{}, {"rebase"}}) {
      // When
      fetched.clear();
      pull(1, capabilities);

      // Then
      assertEquals(layers(1), layersFetched());
      assertUnpacked();
    }
  }

  @Test
  void aSnapshotterThatHasNothingIsAskedOnce() {
    // When
    LazySnapshots lazy = pull(0);

    // Then
    assertEquals(layers(0), layersFetched());
    assertUnpacked();
    assertEquals(
        1,
        lazy.prepared().stream()
            .filter(request -> request.containsLabels("containerd.io/snapshot.ref"))
            .count());
  }

  private final class Source implements ImageSource {
    @Override
    public Repository open(ImageLocation location, SourceOptions options) {
      Repository all = IMAGE.repository();
      return new Repository() {
        @Override
        public Descriptor target() {
          return all.target();
        }

        @Override
        public InputStream fetch(Descriptor descriptor, long offset) {
          fetched.add(descriptor.digest());
          return all.fetch(descriptor, offset);
        }

        @Override
        public void close() {}
      };
    }
  }

  private static final class Oci implements ImageFormat {
    @Override
    public Set<String> mediaTypes() {
      return Set.of(IMAGE.manifest().mediaType());
    }

    @Override
    public Descriptor convert(
        Descriptor target, ImageSource.Repository from, ContentStore content) {
      return target;
    }
  }

  /** Layers are read, and nothing is done with them. */
  private static final class Reader implements Differ {
    @Override
    public AppliedLayer apply(ApplyRequest request, InputStream archive) {
      try {
        byte[] bytes = archive.readAllBytes();
        return new AppliedLayer(Digest.of(bytes), bytes.length, false);
      } catch (IOException e) {
        throw new UnavailableException("layer: " + e.getMessage(), e);
      }
    }

    @Override
    public Digest diff(DiffRequest request, OutputStream archive) {
      throw new NotFoundException("no differences here");
    }
  }
}
