package dev.carafe.cri;

import dev.carafe.engine.pull.PullRequest;
import dev.carafe.engine.sandboxes.KeyedLock;
import dev.carafe.engine.stores.Image;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Stores;
import dev.carafe.oci.ChainId;
import dev.carafe.oci.ImageConfig;
import dev.carafe.oci.ImageDocument;
import dev.carafe.oci.Platforms;
import dev.carafe.services.TransferFlows;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.PermissionDeniedException;
import dev.carafe.spi.images.Credentials;
import dev.carafe.spi.images.ImageFile;
import dev.carafe.spi.images.ImageLocation;
import dev.carafe.spi.images.ImageName;
import dev.carafe.spi.images.ImageVerifier;
import dev.carafe.spi.images.SourceOptions;
import dev.carafe.spi.snapshots.Capability;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.spi.snapshots.Usage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Images as CRI counts them: by id, the digest of the configuration, however many names point
 * there. As containerd does, a pull leaves records for the name that was asked for, for its digest
 * and for the id.
 */
final class CriImages {
  private static final Logger log = LoggerFactory.getLogger(CriImages.class);
  private static final String MANAGED = "io.cri-containerd.image";
  private static final String PINNED = "io.cri-containerd.pinned";
  private static final String PINNED_VALUE = "pinned";
  private static final int MAX_INDEXES = 4;

  /** A pull has no limit of its own but that of a stalled layer; this is for its waiters. */
  private static final Duration PULL = Duration.ofDays(1);

  /** What is in an image, by the digest that a record points to; content never changes. */
  private record Facts(String id, ImageConfig config, String chainId, long size) {}

  private final Metadata metadata;
  private final TransferFlows flows;
  private final String snapshotter;
  private final boolean files;

  /** What is taken of an image that is for several: the first that it is for. */
  private final List<Platform> platforms;

  private final Map<Digest, Facts> known = new ConcurrentHashMap<>();
  private final Map<SnapshotKey, Usage> usages = new ConcurrentHashMap<>();
  private final KeyedLock<String> removals = new KeyedLock<>();
  private final InFlight<String> pulls = new InFlight<>("pull", PULL);

  CriImages(Metadata metadata, TransferFlows flows, CriConfig config) {
    this.metadata = metadata;
    this.flows = flows;
    this.files = config.imageFiles();
    this.platforms =
        Stream.concat(
                Stream.of(Platforms.host()), config.imagePlatforms().stream().map(Platforms::parse))
            .toList();
    this.snapshotter =
        config.snapshotter().isEmpty() ? flows.defaultSnapshotter() : config.snapshotter();
  }

  String snapshotter() {
    return snapshotter;
  }

  /** Whether its snapshots can have mapped ids. */
  boolean mapsIds() {
    return stores().snapshotter(snapshotter).capabilities().contains(Capability.REMAP_IDS);
  }

  private Stores stores() {
    return metadata.stores(Records.NAMESPACE);
  }

  /** All images whose content for this platform is here. */
  Collection<CriImage> list() {
    Map<String, List<Image>> byId = new TreeMap<>();
    Map<String, Facts> facts = new HashMap<>();
    for (Image image : stores().images().list()) {
      facts(image)
          .ifPresent(found -> {
            byId.computeIfAbsent(found.id(), _ -> new ArrayList<>()).add(image);
            facts.put(found.id(), found);
          });
    }
    List<CriImage> images = new ArrayList<>();
    byId.forEach((id, records) -> {
      Facts found = facts.get(id);
      if (found != null) {
        images.add(image(found, records));
      }
    });
    return images;
  }

  private static CriImage image(Facts facts, List<Image> records) {
    return new CriImage(
        facts.id(),
        records.stream().map(Image::name).sorted().toList(),
        records.stream().map(image -> image.target().digest()).distinct().toList(),
        facts.config(),
        facts.chainId(),
        facts.size(),
        records.stream().anyMatch(image -> PINNED_VALUE.equals(image.labels().get(PINNED))));
  }

  private Optional<Facts> facts(Image image) {
    Facts cached = known.get(image.target().digest());
    if (cached != null) {
      return Optional.of(cached);
    }
    try {
      Facts read = read(image);
      known.put(image.target().digest(), read);
      return Optional.of(read);
    } catch (DaemonException e) {
      // Content of other platforms only, or a pull that is not finished.
      log.debug("image {}: {}", image.name(), e.getMessage());
      return Optional.empty();
    }
  }

  private Facts read(Image image) {
    Descriptor at = image.target();
    for (int depth = 0; depth < MAX_INDEXES; depth++) {
      switch (ImageDocument.parse(at, blob(at.digest(), ImageDocument.LIMIT))) {
        case ImageDocument.Index index ->
            at =
                platforms.stream()
                    .flatMap(wanted -> Platforms.choose(wanted, index.manifests()).stream())
                    .findFirst()
                    .orElseThrow(() ->
                        new NotFoundException(
                            "image \"" + image.name() + "\": nothing for this platform"));
        case ImageDocument.Manifest manifest -> {
          Digest config = manifest.config().digest();
          ImageConfig parsed =
              ImageConfig.parse(config, blob(config, ImageConfig.LIMIT), manifest.layers().size());
          List<Digest> chain = ChainId.of(parsed.diffIds());
          long size = at.size() + manifest.config().size();
          for (Descriptor layer : manifest.layers()) {
            size += layer.size();
          }
          return new Facts(
              config.toString(), parsed, chain.isEmpty() ? "" : chain.getLast().toString(), size);
        }
      }
    }
    throw new InvalidArgumentException(
        "image \"" + image.name() + "\": too many levels of indexes");
  }

  private byte[] blob(Digest digest, int limit) {
    try (BlobReader reader = stores().content().open(digest)) {
      return reader.readAll(limit);
    }
  }

  /** By id, an unambiguous beginning of it, or any name; null if there is none. */
  @Nullable CriImage find(String reference) {
    if (reference.isEmpty()) {
      throw new InvalidArgumentException("image: no name");
    }
    Collection<CriImage> all = list();
    String id = reference.startsWith("sha256:") ? reference : "sha256:" + reference;
    List<CriImage> byId =
        reference.matches("(sha256:)?[0-9a-f]{4,64}")
            ? all.stream().filter(image -> image.id().startsWith(id)).toList()
            : List.of();
    if (byId.size() == 1) {
      return byId.getFirst();
    }
    if (reference.startsWith("sha256:")) {
      return null;
    }
    String name = location(reference).toString();
    return all.stream().filter(image -> image.names().contains(name)).findFirst().orElse(null);
  }

  /**
   * An image that a container may be made of: what was pulled may have been forbidden since, or
   * come from an archive.
   *
   * @throws NotFoundException if there is none
   * @throws DaemonException as the verifiers say it, if none of its names at a registry is accepted
   */
  CriImage verified(String reference) {
    CriImage image = get(reference);
    DaemonException refusal = null;
    for (Image record : stores().images().list()) {
      if (!image.names().contains(record.name()) || record.name().startsWith("sha256:")) {
        continue;
      }
      try {
        flows
            .verification()
            .check(
                ImageLocation.normalize(record.name()),
                record.target(),
                new ImageVerifier.Pull(
                    platforms,
                    SourceOptions.DEFAULT,
                    document -> blob(document.digest(), ImageDocument.LIMIT)));
        return image;
      } catch (DaemonException e) {
        refusal = e;
      }
    }
    if (refusal != null) {
      throw refusal;
    }
    return image;
  }

  CriImage get(String reference) {
    CriImage image = find(reference);
    if (image == null) {
      throw new NotFoundException("image \"" + reference + "\": not found");
    }
    return image;
  }

  /** An image that pods need, pulled where it is not here, and kept from the kubelet's clean-up. */
  CriImage pinned(String reference) {
    CriImage image = find(reference);
    if (image == null) {
      pull(reference, Optional.empty());
      image = get(reference);
    }
    if (!image.pinned()) {
      for (Image record : stores().images().list()) {
        if (image.names().contains(record.name())) {
          Map<String, String> labels = new HashMap<>(record.labels());
          labels.put(PINNED, PINNED_VALUE);
          stores().images().put(Image.of(record.name(), record.target(), labels));
        }
      }
    }
    return image;
  }

  /** Pulls and unpacks; returns the id. Who asks for the same meanwhile shares the pull. */
  String pull(String reference, Optional<Credentials> credentials) {
    ImageLocation name = location(reference);
    String identity = name + credentials.map(c -> " " + c.hashCode()).orElse("");
    return pulls.join(identity, stages -> pull(name, credentials, stages));
  }

  private String pull(
      ImageLocation name, Optional<Credentials> credentials, InFlight.Stages stages) {
    var source =
        new SourceOptions(
            (host, _) -> isRegistry(host, name) ? credentials : Optional.empty(),
            Map.of(),
            false,
            false,
            "");
    Map<String, String> labels = Map.of(MANAGED, "managed");
    Image pulled = pull(name, source, labels, stages);
    Facts facts =
        facts(pulled)
            .orElseThrow(
                () -> new NotFoundException("image \"" + name + "\": nothing for this platform"));
    if (name instanceof ImageName registry) {
      String byDigest =
          new ImageName(registry.host(), registry.repository(), "", pulled.target().digest())
              .toString();
      stores().images().put(Image.of(byDigest, pulled.target(), labels));
    }
    stores().images().put(Image.of(facts.id(), pulled.target(), labels));
    return facts.id();
  }

  /** For the first platform that the image is for. */
  private Image pull(
      ImageLocation name,
      SourceOptions source,
      Map<String, String> labels,
      InFlight.Stages stages) {
    NotFoundException none = null;
    for (Platform platform : platforms) {
      var request =
          new PullRequest(
              name,
              name.toString(),
              source,
              List.of(platform),
              false,
              0,
              List.of(new PullRequest.Unpack(platform, snapshotter)),
              labels);
      try {
        return flows
            .puller()
            .pull(Records.NAMESPACE, "", request, step -> stages.at(step.toString()));
      } catch (NotFoundException e) {
        none = none == null ? e : none;
      }
    }
    throw Objects.requireNonNull(none);
  }

  /**
   * What a pod's image names.
   *
   * @throws PermissionDeniedException if it is a file, and pods may not have those
   */
  private ImageLocation location(String reference) {
    if (!files && ImageFile.isFile(reference)) {
      throw new PermissionDeniedException(
          "image \""
              + reference
              + "\": files are no images of pods unless [cri] image_files says so");
    }
    return ImageLocation.normalize(reference);
  }

  /** A mirror never gets what is for the host that it mirrors. */
  private static boolean isRegistry(String host, ImageLocation location) {
    return location instanceof ImageName name
        && (host.equals(name.host())
            || name.host().equals("docker.io") && host.equals("registry-1.docker.io"));
  }

  /** Removes every name of an image; nothing happens if there is none. */
  void remove(String reference) {
    CriImage image = find(reference);
    if (image != null) {
      // Whoever removes the same image returns when it is gone, not half gone.
      InFlight.unchecked(() -> removals.alone(image.id(), () -> removeNames(image.id())));
    }
  }

  private boolean removeNames(String id) {
    CriImage image = find(id);
    if (image == null) {
      return false;
    }
    for (String name : image.names()) {
      try {
        stores().images().delete(name, null);
      } catch (NotFoundException e) {
        log.debug("image {}: removed before", name);
      }
    }
    return true;
  }

  /** What all snapshots take; that of committed ones is measured once. */
  Usage usage() {
    Snapshotter snapshots = stores().snapshotter(snapshotter);
    Map<SnapshotKey, Boolean> found = new LinkedHashMap<>();
    snapshots.forEach(
        snapshot -> found.put(snapshot.key(), snapshot instanceof Snapshot.Committed));
    usages.keySet().retainAll(found.keySet());
    long bytes = 0;
    long inodes = 0;
    for (Map.Entry<SnapshotKey, Boolean> entry : found.entrySet()) {
      Usage usage = usages.get(entry.getKey());
      if (usage == null) {
        try {
          usage = snapshots.usage(entry.getKey());
        } catch (NotFoundException e) {
          continue;
        }
        if (entry.getValue()) {
          usages.put(entry.getKey(), usage);
        }
      }
      bytes += usage.bytes();
      inodes += usage.inodes();
    }
    return new Usage(bytes, inodes);
  }
}
