package dev.carafe.engine.archive;

import dev.carafe.engine.stores.Labels;
import dev.carafe.oci.ImageDocument;
import dev.carafe.oci.MediaTypes;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.NotFoundException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Documents that refer to each other, in a content store. */
final class Trees {
  private static final List<String> CHECKPOINT_ANNOTATIONS =
      List.of("org.criu.checkpoint.", "io.kubernetes.cri-o.annotations.checkpoint.");
  private static final String CHECKPOINT_TYPES = "application/vnd.containerd.container.";

  private Trees() {}

  static ImageDocument read(ContentStore content, Descriptor descriptor) {
    try (BlobReader reader = content.open(descriptor.digest())) {
      return ImageDocument.parse(descriptor, reader.readAll(ImageDocument.LIMIT));
    }
  }

  static boolean isDocument(Descriptor descriptor) {
    return MediaTypes.isIndex(descriptor.mediaType())
        || MediaTypes.isManifest(descriptor.mediaType());
  }

  /** Whether it is the state of a container and not an image, by any sign of it. */
  static boolean isCheckpoint(ContentStore content, Descriptor image) {
    return hasSign(image)
        || (isDocument(image) && read(content, image).children().stream().anyMatch(Trees::hasSign));
  }

  private static boolean hasSign(Descriptor descriptor) {
    return descriptor.mediaType().startsWith(CHECKPOINT_TYPES)
        || descriptor.annotations().keySet().stream()
            .anyMatch(key -> CHECKPOINT_ANNOTATIONS.stream().anyMatch(key::startsWith));
  }

  /** Makes a document hold all of its children that are there, one level deep or two. */
  static void hold(ContentStore content, Descriptor document) {
    if (!isDocument(document)) {
      return;
    }
    Map<String, String> labels = new HashMap<>();
    for (Descriptor child : read(content, document).children()) {
      if (exists(content, child.digest())) {
        labels.put(Labels.GC_REF_CONTENT + "." + labels.size(), child.digest().toString());
        if (MediaTypes.isManifest(child.mediaType())) {
          hold(content, child);
        }
      }
    }
    label(content, document.digest(), labels);
  }

  static boolean exists(ContentStore content, Digest digest) {
    try {
      content.info(digest);
      return true;
    } catch (NotFoundException e) {
      return false;
    }
  }

  static void label(ContentStore content, Digest digest, Map<String, String> labels) {
    content.updateLabels(
        digest,
        old -> {
          Map<String, String> next = new HashMap<>(old);
          next.putAll(labels);
          return next;
        });
  }
}
