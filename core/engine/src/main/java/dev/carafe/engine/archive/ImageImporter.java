package dev.carafe.engine.archive;

import dev.carafe.engine.Interrupts;
import dev.carafe.engine.pull.ImageFormats;
import dev.carafe.engine.pull.ImagePuller;
import dev.carafe.engine.pull.Progress;
import dev.carafe.engine.pull.PullLeases;
import dev.carafe.engine.stores.Image;
import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.Stores;
import dev.carafe.oci.Platforms;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.images.ImageArchive;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Imports images: blobs, then snapshots, then names. As with a pull, a lease holds everything until
 * the names are written, and what is cut off leaves nothing behind.
 *
 * <p>An archive gives no name to anything by itself: names are those that the client asks for, and
 * a checkpoint's own name never counts (an archive could take the name of an image that others
 * run).
 */
public final class ImageImporter {
  private final Metadata metadata;
  private final ImageArchive archives;
  private final ImageFormats formats;
  private final ImagePuller puller;
  private final PullLeases leases;

  public ImageImporter(
      Metadata metadata, ImageArchive archives, ImageFormats formats, ImagePuller puller) {
    this.metadata = metadata;
    this.archives = archives;
    this.formats = formats;
    this.puller = puller;
    this.leases = new PullLeases(metadata);
  }

  /**
   * Imports an archive.
   *
   * @param leaseId lease of the caller, or empty: then the import has one of its own
   * @return the images that have got a name
   */
  public List<Image> importAll(
      Namespace namespace,
      String leaseId,
      ImportRequest request,
      InputStream archive,
      Progress progress) {
    if (!leaseId.isEmpty()) {
      return importAll(metadata.stores(namespace, leaseId), leaseId, request, archive, progress);
    }
    Stores unleased = metadata.stores(namespace);
    Lease lease = leases.open(unleased.leases(), "import");
    try {
      return importAll(
          metadata.stores(namespace, lease.id()), lease.id(), request, archive, progress);
    } finally {
      Interrupts.shielded(() -> unleased.leases().delete(lease.id()));
    }
  }

  private List<Image> importAll(
      Stores stores, String lease, ImportRequest request, InputStream archive, Progress progress) {
    Descriptor index = formats.read(archive, request.compress(), stores.content(), archives);
    List<Descriptor> all = Trees.read(stores.content(), index).children();
    List<Descriptor> taken = taken(all, request.platforms());
    List<Image> named = new ArrayList<>();
    for (Descriptor image : taken) {
      boolean checkpoint = Trees.isCheckpoint(stores.content(), image);
      if (checkpoint) {
        Trees.hold(stores.content(), image);
      } else {
        puller.adopt(
            stores, lease, title(image), image, request.platforms(), request.unpacks(), progress);
      }
      for (String name : ImageNames.ofArchived(image, request.references(), !checkpoint)) {
        named.add(Image.of(name, image, request.labels()));
      }
    }
    holdAll(stores, index, taken);
    for (String name : ImageNames.ofTarget(request.indexName(), index, whole(request))) {
      named.addFirst(Image.of(name, index, request.labels()));
    }
    List<Image> stored = new ArrayList<>();
    for (Image image : named) {
      stored.add(stores.images().put(image));
      progress.report(new Progress.Step("saved", image.name(), List.of(), 0, 0, image.target()));
    }
    return stored;
  }

  /** References that are no prefix name the whole index. */
  private static List<ImageReference> whole(ImportRequest request) {
    return request.references().stream().filter(reference -> !reference.prefix()).toList();
  }

  private static String title(Descriptor image) {
    return image.annotations().getOrDefault(ImageNames.NAME, image.digest().toString());
  }

  /** Images that say nothing of their platform may be for any. */
  private static List<Descriptor> taken(List<Descriptor> all, List<Platform> platforms) {
    List<Descriptor> taken =
        all.stream()
            .filter(image -> {
              Platform offered = image.platform();
              return offered == null
                  || platforms.isEmpty()
                  || platforms.stream().anyMatch(wanted -> Platforms.matches(wanted, offered));
            })
            .toList();
    if (taken.isEmpty()) {
      throw new NotFoundException(
          all.isEmpty()
              ? "image archive: has no images"
              : "image archive: has no image for platform " + platforms);
    }
    return taken;
  }

  private static void holdAll(Stores stores, Descriptor index, List<Descriptor> taken) {
    Map<String, String> labels = new HashMap<>();
    for (int i = 0; i < taken.size(); i++) {
      labels.put(Labels.GC_REF_CONTENT + ".m." + i, taken.get(i).digest().toString());
    }
    Trees.label(stores.content(), index.digest(), labels);
  }
}
