package dev.carafe.ctr;

import dev.carafe.api.services.images.v1.Image;
import dev.carafe.api.types.Descriptor;
import dev.carafe.ctr.grpc.StatusException;
import dev.carafe.oci.ChainId;
import dev.carafe.oci.ImageConfig;
import dev.carafe.oci.ImageDocument;
import dev.carafe.oci.Platforms;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.Platform;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an image runs as on a platform.
 *
 * @param chainId name of its topmost snapshot; empty for an image without layers
 */
record RunnableImage(
    ImageConfig config,
    String chainId,
    Digest configDigest,
    List<dev.carafe.spi.content.Descriptor> layers) {
  private static final int MAX_INDEXES = 4;

  static RunnableImage read(Session session, Image image, @Nullable String platform) {
    Platform wanted = platform == null ? Platforms.host() : Platforms.parse(platform);
    dev.carafe.spi.content.Descriptor at = descriptor(image.getTarget());
    for (int depth = 0; depth < MAX_INDEXES; depth++) {
      byte[] bytes = ContentCommands.read(session, at.digest().toString(), ImageDocument.LIMIT);
      switch (ImageDocument.parse(at, bytes)) {
        case ImageDocument.Index index ->
            at =
                Platforms.choose(wanted, index.manifests())
                    .orElseThrow(() -> nothing(image, wanted));
        case ImageDocument.Manifest manifest -> {
          ImageConfig config = config(session, manifest);
          if (!config.platform().os().isEmpty() && !Platforms.matches(wanted, config.platform())) {
            throw nothing(image, wanted);
          }
          List<Digest> chain = ChainId.of(config.diffIds());
          return new RunnableImage(
              config,
              chain.isEmpty() ? "" : chain.getLast().toString(),
              manifest.config().digest(),
              manifest.layers());
        }
      }
    }
    throw new StatusException(
        StatusException.UNKNOWN, "image \"" + image.getName() + "\": too many levels of indexes");
  }

  private static ImageConfig config(Session session, ImageDocument.Manifest manifest) {
    Digest digest = manifest.config().digest();
    byte[] json = ContentCommands.read(session, digest.toString(), ImageConfig.LIMIT);
    return ImageConfig.parse(digest, json, manifest.layers().size());
  }

  private static StatusException nothing(Image image, Platform wanted) {
    String platform = wanted.os() + "/" + wanted.architecture();
    return new StatusException(
        StatusException.NOT_FOUND,
        "image \"" + image.getName() + "\": nothing for platform " + platform);
  }

  private static dev.carafe.spi.content.Descriptor descriptor(Descriptor target) {
    return new dev.carafe.spi.content.Descriptor(
        target.getMediaType(), Digest.parse(target.getDigest()), target.getSize());
  }
}
