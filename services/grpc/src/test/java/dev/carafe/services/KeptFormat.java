package dev.carafe.services;

import dev.carafe.oci.MediaTypes;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.images.ImageFormat;
import dev.carafe.spi.images.ImageSource.Repository;
import java.util.Set;

/** Images as the daemon keeps them. */
final class KeptFormat implements ImageFormat {
  @Override
  public Set<String> mediaTypes() {
    return Set.of(
        MediaTypes.OCI_INDEX,
        MediaTypes.OCI_MANIFEST,
        MediaTypes.DOCKER_INDEX,
        MediaTypes.DOCKER_MANIFEST);
  }

  @Override
  public Descriptor convert(Descriptor target, Repository from, ContentStore content) {
    return target;
  }
}
