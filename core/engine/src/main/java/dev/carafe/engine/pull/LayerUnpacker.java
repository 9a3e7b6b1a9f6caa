package dev.carafe.engine.pull;

import dev.carafe.engine.Interrupts;
import dev.carafe.engine.observe.Observations;
import dev.carafe.engine.pull.ImagePuller.ImageTree;
import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.oci.ChainId;
import dev.carafe.oci.ImageConfig;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.diffs.AppliedLayer;
import dev.carafe.spi.diffs.Whiteouts;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.snapshots.Capability;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Snapshotter;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Unpacks an image's layers while they arrive.
 *
 * <p>A snapshotter that takes its parent at commit ({@link Capability#REBASE}) gets all layers in
 * parallel; each is committed as soon as it is on the medium and the layer below is committed. With
 * others the layers are fetched in parallel and applied from the bottom up.
 */
final class LayerUnpacker {
  private static final Logger LOG = LoggerFactory.getLogger(LayerUnpacker.class);

  private final SingleFlight<Key, Boolean> flights = new SingleFlight<>();
  private final BlobFetcher fetcher;
  private final LayerApplier applier;
  private final PullConfig config;

  private record Key(Namespace namespace, String snapshotter, Digest chainId) {}

  /** One layer of the plan. */
  record Layer(Descriptor descriptor, Digest diffId, Digest chainId, @Nullable Digest below) {
    /** The lowest layer has nothing below it: what it deletes is its own. */
    Whiteouts whiteouts() {
      return below == null ? Whiteouts.DELETE : Whiteouts.OVERLAY;
    }
  }

  /** Where an image goes. */
  private record Target(Fetch fetch, Snapshotter snapshotter, String name, List<String> parents) {
    boolean rebases() {
      return snapshotter.capabilities().contains(Capability.REBASE)
          && snapshotter.capabilities().contains(Capability.OVERLAY_WHITEOUTS);
    }
  }

  LayerUnpacker(BlobFetcher fetcher, LayerApplier applier, PullConfig config) {
    this.fetcher = fetcher;
    this.applier = applier;
    this.config = config;
  }

  /** Fetches and unpacks; afterwards the configuration's blob refers to the topmost snapshot. */
  void unpack(Fetch fetch, ImageTree image, Snapshotter snapshotter, String snapshotterName) {
    Descriptor config = image.manifest().config();
    byte[] bytes = fetcher.fetchDocument(fetch, config, image.parents());
    ImageConfig imageConfig =
        ImageConfig.parse(config.digest(), bytes, image.manifest().layers().size());
    List<Layer> plan = plan(image.manifest().layers(), imageConfig.diffIds());
    new RemoteLayers(fetch, image, snapshotter, snapshotterName).offer(plan);
    Target target = new Target(fetch, snapshotter, snapshotterName, image.parents());
    List<Committed> below = new ArrayList<>();
    List<Callable<Boolean>> work = new ArrayList<>();
    for (Layer layer : plan) {
      Committed parent = below.isEmpty() ? Committed.NOTHING : below.getLast();
      Committed own = new Committed(new CompletableFuture<>());
      below.add(own);
      work.add(() -> unpackOnce(target, layer, parent, own));
    }
    Parallel.all(work);
    if (!plan.isEmpty()) {
      fetcher.label(
          fetch,
          config,
          Map.of(Labels.GC_REF_SNAPSHOT + snapshotterName, plan.getLast().chainId().toString()));
    }
  }

  private static List<Layer> plan(List<Descriptor> layers, List<Digest> diffIds) {
    List<Digest> chain = ChainId.of(diffIds);
    List<Layer> plan = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      plan.add(
          new Layer(layers.get(i), diffIds.get(i), chain.get(i), i == 0 ? null : chain.get(i - 1)));
    }
    return plan;
  }

  /** Whether a layer's snapshot is committed: what the layer above waits for. */
  private record Committed(CompletableFuture<Boolean> done) {
    static final Committed NOTHING = new Committed(CompletableFuture.completedFuture(true));

    void await() throws InterruptedException {
      try {
        done.get();
      } catch (ExecutionException e) {
        throw Parallel.failure(e.getCause());
      }
    }
  }

  private boolean unpackOnce(Target target, Layer layer, Committed parent, Committed own) {
    try {
      SingleFlight.Landed<Boolean> landed =
          flights.run(
              new Key(target.fetch().stores().namespace(), target.name(), layer.chainId()),
              target.fetch().sourceLabel(),
              () ->
                  Observations.ofCallable(
                      "unpack",
                      layer.descriptor().digest().toString(),
                      () -> unpack(target, layer, parent)));
      if (!landed.leader()) {
        target.fetch().holdSnapshot(target.name(), layer.chainId().toString());
        target.fetch().hold(layer.descriptor().digest());
      }
      own.done().complete(true);
      return true;
    } catch (Exception e) {
      own.done().completeExceptionally(e);
      throw Parallel.failure(e);
    }
  }

  private boolean unpack(Target target, Layer layer, Committed parent) throws Exception {
    Steps steps = new Steps(target.fetch().progress(), layer.descriptor(), target.parents());
    if (unpacked(target, layer)) {
      fetcher.present(target.fetch(), layer.descriptor());
      steps.report("already exists", layer.descriptor().size());
      return true;
    }
    if (!target.rebases()) {
      fetcher.fetch(target.fetch(), layer.descriptor(), target.parents());
      parent.await();
      applyOnParent(target, layer, steps);
      return true;
    }
    SnapshotKey key = extractionKey(layer);
    List<Mount> mounts = target.snapshotter().prepare(key, null, Map.of());
    boolean committed = false;
    try {
      AppliedLayer applied = fetchAndApply(target, layer, mounts, steps);
      check(layer, applied);
      parent.await();
      if (!applied.needsParent()) {
        commit(target, new CommitRequest(key, name(layer.chainId()), parentOf(layer), kept(layer)));
        committed = true;
      }
    } finally {
      if (!committed) {
        remove(target.snapshotter(), key);
      }
    }
    if (!committed) {
      LOG.debug("layer {}: applied again on its parent", layer.descriptor().digest());
      applyOnParent(target, layer, steps);
    }
    steps.report("complete", layer.descriptor().size());
    return true;
  }

  private boolean unpacked(Target target, Layer layer) {
    target.fetch().holdSnapshot(target.name(), layer.chainId().toString());
    try {
      return target.snapshotter().stat(name(layer.chainId())) instanceof Snapshot.Committed;
    } catch (NotFoundException e) {
      return false;
    }
  }

  /**
   * One pass where nothing of the blob is there yet; else from the blob, after fetching what is
   * missing.
   */
  private AppliedLayer fetchAndApply(Target target, Layer layer, List<Mount> mounts, Steps steps)
      throws InterruptedException {
    Descriptor descriptor = layer.descriptor();
    AtomicReference<@Nullable AppliedLayer> streamed = new AtomicReference<>();
    if (!fetcher.present(target.fetch(), descriptor)) {
      steps.report("waiting", 0);
      fetcher.once(
          target.fetch(),
          descriptor,
          () -> {
            streamed.set(download(target, layer, mounts, steps));
            return true;
          });
    }
    AppliedLayer applied = streamed.get();
    return applied != null ? applied : applyBlob(target, layer, mounts, layer.whiteouts(), steps);
  }

  /** Null if the blob is there now, but was not applied on the way. */
  private @Nullable AppliedLayer download(
      Target target, Layer layer, List<Mount> mounts, Steps steps) throws Exception {
    if (fetcher.present(target.fetch(), layer.descriptor())) {
      return null;
    }
    fetcher.downloads().acquire();
    try (ContentWriter writer = target.fetch().writer(layer.descriptor())) {
      if (writer.status().offset() == 0) {
        return streamAndApply(target, layer, mounts, steps, writer);
      }
      fetcher.download(target.fetch(), layer.descriptor(), writer, steps);
      return null;
    } catch (AlreadyExistsException e) {
      return null;
    } finally {
      fetcher.downloads().release();
    }
  }

  private AppliedLayer streamAndApply(
      Target target, Layer layer, List<Mount> mounts, Steps steps, ContentWriter writer)
      throws Exception {
    Descriptor descriptor = layer.descriptor();
    try (InputStream body = target.fetch().body(descriptor, 0)) {
      TeeInput tee = new TeeInput(body, writer, steps::downloading);
      AppliedLayer applied;
      try {
        applied =
            target
                .fetch()
                .caller()
                .call(() ->
                    applier.apply(
                        descriptor, tee, mounts, layer.whiteouts(), config.sync(), Map.of()));
        tee.drain();
      } catch (DataLossException e) {
        // Damaged on the way, or damaged at its origin: the digest of all the bytes tells.
        tee.drain();
        fetcher.commit(target.fetch(), writer, descriptor, Map.of());
        throw e;
      }
      fetcher.commit(
          target.fetch(),
          writer,
          descriptor,
          Map.of(Labels.UNCOMPRESSED, applied.diffId().toString()));
      return applied;
    }
  }

  private AppliedLayer applyBlob(
      Target target, Layer layer, List<Mount> mounts, Whiteouts whiteouts, Steps steps)
      throws InterruptedException {
    steps.report("extracting", layer.descriptor().size());
    AppliedLayer applied;
    try (BlobReader blob = target.fetch().stores().content().open(layer.descriptor().digest())) {
      applied =
          target
              .fetch()
              .caller()
              .call(() ->
                  applier.apply(
                      layer.descriptor(),
                      blob.stream(0),
                      mounts,
                      whiteouts,
                      config.sync(),
                      Map.of()));
    }
    fetcher.label(
        target.fetch(),
        layer.descriptor(),
        Map.of(Labels.UNCOMPRESSED, applied.diffId().toString()));
    return applied;
  }

  private void applyOnParent(Target target, Layer layer, Steps steps) throws InterruptedException {
    SnapshotKey key = extractionKey(layer);
    List<Mount> mounts = target.snapshotter().prepare(key, parentOf(layer), Map.of());
    boolean committed = false;
    try {
      check(layer, applyBlob(target, layer, mounts, Whiteouts.DELETE, steps));
      commit(target, new CommitRequest(key, name(layer.chainId()), null, kept(layer)));
      committed = true;
    } finally {
      if (!committed) {
        remove(target.snapshotter(), key);
      }
    }
    steps.report("complete", layer.descriptor().size());
  }

  /** The label by which containerd's clients, too, name what an unpacked snapshot stands for. */
  private static Map<String, String> kept(Layer layer) {
    return Map.of(Labels.SNAPSHOT_REF, layer.chainId().toString());
  }

  private void commit(Target target, CommitRequest request) {
    try {
      target.snapshotter().commit(request);
    } catch (AlreadyExistsException e) {
      remove(target.snapshotter(), request.key());
    }
  }

  private static void check(Layer layer, AppliedLayer applied) {
    if (!applied.diffId().equals(layer.diffId())) {
      throw new DataLossException(
          "layer "
              + layer.descriptor().digest()
              + ": wrong diff id "
              + applied.diffId()
              + ", the image config says "
              + layer.diffId());
    }
  }

  static void remove(Snapshotter snapshotter, SnapshotKey key) {
    Interrupts.shielded(() -> removeNow(snapshotter, key));
  }

  private static void removeNow(Snapshotter snapshotter, SnapshotKey key) {
    try {
      snapshotter.remove(key);
    } catch (NotFoundException e) {
      LOG.debug("snapshot {}: gone already", key);
    } catch (DaemonException e) {
      LOG.warn("snapshot {}: left for garbage collection: {}", key, e.getMessage());
    }
  }

  static SnapshotKey extractionKey(Layer layer) {
    String nonce =
        Long.toUnsignedString(System.nanoTime(), 36)
            + "-"
            + Integer.toString(ThreadLocalRandom.current().nextInt(36 * 36 * 36 * 36), 36);
    return new SnapshotKey("extract-" + nonce + " " + layer.chainId());
  }

  static SnapshotKey name(Digest chainId) {
    return new SnapshotKey(chainId.toString());
  }

  static @Nullable SnapshotKey parentOf(Layer layer) {
    return layer.below() == null ? null : name(layer.below());
  }
}
