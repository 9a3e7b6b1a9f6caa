package dev.carafe.engine.archive;

import dev.carafe.engine.Interrupts;
import dev.carafe.engine.pull.PullLeases;
import dev.carafe.engine.stores.Image;
import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.Stores;
import dev.carafe.oci.ImageDocument;
import dev.carafe.oci.MediaTypes;
import dev.carafe.oci.Platforms;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.images.ImageArchive;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Exports images. All that is to go in is found before the first byte is written; a lease holds it
 * meanwhile.
 */
public final class ImageExporter {
  private static final int MAX_DEPTH = 4;

  private final Metadata metadata;
  private final ImageArchive archives;
  private final PullLeases leases;

  public ImageExporter(Metadata metadata, ImageArchive archives) {
    this.metadata = metadata;
    this.archives = archives;
    this.leases = new PullLeases(metadata);
  }

  /**
   * Writes an archive. Does not close it.
   *
   * @param leaseId lease of the caller, or empty: then the export has one of its own
   * @throws NotFoundException if an image, a platform or content is not here
   */
  public void export(
      Namespace namespace, String leaseId, ExportRequest request, OutputStream archive) {
    if (request.images().isEmpty()) {
      throw new InvalidArgumentException("export: no image is named");
    }
    Stores stores = metadata.stores(namespace);
    Lease own =
        leaseId.isEmpty() ? leases.open(stores.leases(), request.images().getFirst()) : null;
    String lease = own == null ? leaseId : own.id();
    try {
      List<ImageArchive.Entry> entries = new ArrayList<>();
      Map<Digest, Descriptor> blobs = new LinkedHashMap<>();
      for (String name : request.images()) {
        Image image = stores.images().get(name);
        stores
            .leases()
            .addResource(lease, new Lease.Resource("content", image.target().digest().toString()));
        Walk walk = new Walk(stores.content(), request, name, blobs);
        Descriptor main = walk.image(image.target());
        Descriptor target = withSources(stores.content(), image.target());
        entries.add(new ImageArchive.Entry(name, target, main));
      }
      archives.write(
          new ImageArchive.Contents(entries, List.copyOf(blobs.values()), request.compatible()),
          stores.content(),
          archive);
    } finally {
      if (own != null) {
        Interrupts.shielded(() -> stores.leases().delete(own.id()));
      }
    }
  }

  /** The repositories that an image is known to come from are among its annotations. */
  private static Descriptor withSources(ContentStore content, Descriptor target) {
    Map<String, String> annotations = new TreeMap<>(target.annotations());
    content
        .info(target.digest())
        .labels()
        .forEach((key, value) -> {
          if (key.startsWith(Labels.DISTRIBUTION_SOURCE)) {
            annotations.put(key, value);
          }
        });
    return new Descriptor(
        target.mediaType(),
        target.digest(),
        target.size(),
        annotations,
        target.platform(),
        target.artifactType(),
        target.urls());
  }

  /** Collects one image's blobs. */
  private static final class Walk {
    private final ContentStore content;
    private final ExportRequest request;
    private final String name;
    private final Map<Digest, Descriptor> blobs;
    private final List<Platform> platforms;
    private final Set<Digest> chosen = new HashSet<>();
    private @Nullable Descriptor main;

    Walk(ContentStore content, ExportRequest request, String name, Map<Digest, Descriptor> blobs) {
      this.content = content;
      this.request = request;
      this.name = name;
      this.blobs = blobs;
      this.platforms =
          request.platforms().isEmpty() ? List.of(Platforms.host()) : request.platforms();
    }

    /** The manifest that stands for the image in Docker's list. */
    @Nullable Descriptor image(Descriptor target) {
      if (!Trees.isDocument(target)) {
        throw new InvalidArgumentException(
            "image \"" + name + "\": " + target.mediaType() + " is neither index nor manifest");
      }
      add(target, 0);
      if (chosen.isEmpty() && MediaTypes.isIndex(target.mediaType()) && !request.allPlatforms()) {
        throw new NotFoundException(
            "image \"" + name + "\": no manifest for platform " + platforms + ": not found");
      }
      return main;
    }

    private void add(Descriptor document, int depth) {
      if (depth > MAX_DEPTH) {
        throw new InvalidArgumentException(
            "image \"" + name + "\": more than " + MAX_DEPTH + " levels of indexes");
      }
      blob(document);
      switch (Trees.read(content, document)) {
        case ImageDocument.Index index -> {
          List<Descriptor> wanted = wanted(index);
          for (Descriptor child : request.allPlatforms() ? index.manifests() : wanted) {
            if (wanted.contains(child)) {
              chosen.add(child.digest());
            }
            if (Trees.isDocument(child)) {
              add(child, depth + 1);
            } else {
              blob(child);
            }
          }
        }
        case ImageDocument.Manifest manifest -> {
          boolean runnable = MediaTypes.isConfig(manifest.config().mediaType());
          boolean best = depth == 0 || chosen.contains(document.digest());
          if (runnable && best && main == null && complete(manifest)) {
            main = document;
          }
          manifest.children().forEach(this::blob);
        }
      }
    }

    /** Whether Docker's format could show it: it knows no layers that are elsewhere. */
    private boolean complete(ImageDocument.Manifest manifest) {
      return manifest.layers().stream()
          .noneMatch(layer -> MediaTypes.isNonDistributable(layer.mediaType()));
    }

    private List<Descriptor> wanted(ImageDocument.Index index) {
      List<Descriptor> wanted = new ArrayList<>();
      for (Platform platform : platforms) {
        Platforms.choose(platform, index.manifests())
            .filter(found -> !wanted.contains(found))
            .ifPresent(wanted::add);
      }
      for (Descriptor child : index.manifests()) {
        // Indexes and blobs without a platform belong to every one.
        if (child.platform() == null
            && !MediaTypes.isManifest(child.mediaType())
            && !wanted.contains(child)) {
          wanted.add(child);
        }
      }
      return wanted;
    }

    private void blob(Descriptor blob) {
      boolean optional = MediaTypes.isNonDistributable(blob.mediaType());
      boolean there = Trees.exists(content, blob.digest());
      if (optional && (request.skipNonDistributable() || !there)) {
        return;
      }
      if (!there) {
        throw new NotFoundException(
            "image \"" + name + "\": content " + blob.digest() + ": not found");
      }
      blobs.putIfAbsent(blob.digest(), blob);
    }
  }
}
