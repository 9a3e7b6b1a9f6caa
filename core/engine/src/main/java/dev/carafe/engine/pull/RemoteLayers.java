package dev.carafe.engine.pull;

import dev.carafe.engine.pull.ImagePuller.ImageTree;
import dev.carafe.engine.pull.LayerUnpacker.Layer;
import dev.carafe.engine.stores.Labels;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.snapshots.Capability;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Snapshotter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Offers layers to a snapshotter that may have them without anybody fetching them ({@link
 * Capability#REMOTE}), in the words of containerd: what it has becomes a committed snapshot, which
 * the unpacker then finds. From the bottom up, to the first layer that it does not have.
 */
final class RemoteLayers {
  private static final Logger LOG = LoggerFactory.getLogger(RemoteLayers.class);
  private static final String HINT = Labels.SNAPSHOT_PREFIX + "cri.";

  private final Fetch fetch;
  private final ImageTree image;
  private final Snapshotter snapshotter;
  private final String snapshotterName;

  RemoteLayers(Fetch fetch, ImageTree image, Snapshotter snapshotter, String snapshotterName) {
    this.fetch = fetch;
    this.image = image;
    this.snapshotter = snapshotter;
    this.snapshotterName = snapshotterName;
  }

  void offer(List<Layer> plan) {
    // What is here, or comes from a file, is nowhere that a snapshotter could get it from.
    if (fetch.reference().isEmpty() || !snapshotter.capabilities().contains(Capability.REMOTE)) {
      return;
    }
    for (int i = 0; i < plan.size(); i++) {
      if (!has(plan, i)) {
        return;
      }
      LOG.debug("layer {}: {} has it", plan.get(i).descriptor().digest(), snapshotterName);
    }
  }

  private boolean has(List<Layer> plan, int position) {
    Layer layer = plan.get(position);
    fetch.holdSnapshot(snapshotterName, layer.chainId().toString());
    if (isHere(layer)) {
      return true;
    }
    SnapshotKey key = LayerUnpacker.extractionKey(layer);
    try {
      snapshotter.prepare(key, LayerUnpacker.parentOf(layer), labels(plan, position));
    } catch (AlreadyExistsException e) {
      return isHere(layer);
    }
    LayerUnpacker.remove(snapshotter, key);
    return false;
  }

  private boolean isHere(Layer layer) {
    try {
      return snapshotter.stat(LayerUnpacker.name(layer.chainId())) instanceof Snapshot.Committed;
    } catch (NotFoundException e) {
      return false;
    }
  }

  private Map<String, String> labels(List<Layer> plan, int position) {
    Layer layer = plan.get(position);
    Map<String, String> labels = new HashMap<>();
    layer
        .descriptor()
        .annotations()
        .forEach((key, value) -> {
          if (isOfASnapshotter(key) && key.length() + value.length() <= Labels.LIMIT / 4) {
            labels.put(key, value);
          }
        });
    labels.put(Labels.SNAPSHOT_REF, layer.chainId().toString());
    labels.put(HINT + "image-ref", fetch.reference());
    labels.put(HINT + "manifest-digest", image.descriptor().digest().toString());
    labels.put(HINT + "layer-digest", layer.descriptor().digest().toString());
    labels.put(HINT + "image-layers", layers(plan.subList(position, plan.size())));
    return labels;
  }

  /**
   * Whether an image may say it to a snapshotter: only what carries a snapshotter's own name, as in
   * {@code containerd.io/snapshot/stargz/toc.digest}. The others are the daemon's to say.
   */
  private static boolean isOfASnapshotter(String key) {
    return key.startsWith(Labels.SNAPSHOT_PREFIX)
        && key.indexOf('/', Labels.SNAPSHOT_PREFIX.length()) > 0;
  }

  /** This layer and those above it, as many as a label holds. */
  private static String layers(List<Layer> layers) {
    int room = Labels.LIMIT - (HINT + "image-layers").length();
    StringBuilder list = new StringBuilder();
    for (Layer layer : layers) {
      String next = (list.isEmpty() ? "" : ",") + layer.descriptor().digest();
      if (list.length() + next.length() > room) {
        break;
      }
      list.append(next);
    }
    return list.toString();
  }
}
