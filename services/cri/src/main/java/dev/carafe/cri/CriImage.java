package dev.carafe.cri;

import dev.carafe.oci.ImageConfig;
import dev.carafe.spi.content.Digest;
import java.util.List;

/**
 * An image of this machine's platform.
 *
 * @param id digest of its configuration
 * @param names of the image records that point to it, sorted
 * @param targets digests that these records point to
 * @param chainId name of its topmost snapshot; empty without layers
 * @param size bytes of manifest, configuration and layers as they are stored
 */
record CriImage(
    String id,
    List<String> names,
    List<Digest> targets,
    ImageConfig config,
    String chainId,
    long size,
    boolean pinned) {
  CriImage {
    names = List.copyOf(names);
    targets = List.copyOf(targets);
  }
}
