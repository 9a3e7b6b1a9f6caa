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
record RunnableImage(ImageConfig config, String chainId) {
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
                    .orElseThrow(() ->
                        new StatusException(
                            StatusException.NOT_FOUND,
                            "image \"" + image.getName() + "\" has nothing for " + wanted));
        case ImageDocument.Manifest manifest -> {
          Digest config = manifest.config().digest();
          byte[] json = ContentCommands.read(session, config.toString(), ImageConfig.LIMIT);
          ImageConfig parsed = ImageConfig.parse(config, json, manifest.layers().size());
          List<Digest> chain = ChainId.of(parsed.diffIds());
          return new RunnableImage(parsed, chain.isEmpty() ? "" : chain.getLast().toString());
        }
      }
    }
    throw new StatusException(
        StatusException.UNKNOWN,
        "image \"" + image.getName() + "\" has too many levels of indexes");
  }

  private static dev.carafe.spi.content.Descriptor descriptor(Descriptor target) {
    return new dev.carafe.spi.content.Descriptor(
        target.getMediaType(), Digest.parse(target.getDigest()), target.getSize());
  }
}
