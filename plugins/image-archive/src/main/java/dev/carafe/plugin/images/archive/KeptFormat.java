package dev.carafe.plugin.images.archive;

import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.images.ImageFormat;
import dev.carafe.spi.images.ImageSource.Repository;
import java.util.Set;

/** A format that the daemon keeps as it is: the pull reads its documents and checks them. */
record KeptFormat(Set<String> mediaTypes) implements ImageFormat {
  static final KeptFormat OCI =
      new KeptFormat(
          Set.of(
              "application/vnd.oci.image.index.v1+json",
              "application/vnd.oci.image.manifest.v1+json"));
  static final KeptFormat DOCKER =
      new KeptFormat(
          Set.of(
              "application/vnd.docker.distribution.manifest.list.v2+json",
              "application/vnd.docker.distribution.manifest.v2+json"));

  KeptFormat {
    mediaTypes = Set.copyOf(mediaTypes);
  }

  @Override
  public Descriptor convert(Descriptor target, Repository from, ContentStore content) {
    return target;
  }
}
