package dev.carafe.engine.pull;

import dev.carafe.engine.Interrupts;
import dev.carafe.engine.observe.Observations;
import dev.carafe.engine.observe.Observer;
import dev.carafe.engine.stores.Image;
import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.Stores;
import dev.carafe.oci.ImageDocument;
import dev.carafe.oci.MediaTypes;
import dev.carafe.oci.Platforms;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.AbortedException;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.OutOfRangeException;
import dev.carafe.spi.errors.PermissionDeniedException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnauthenticatedException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.errors.UnknownException;
import dev.carafe.spi.images.ImageFile;
import dev.carafe.spi.images.ImageLocation;
import dev.carafe.spi.images.ImageName;
import dev.carafe.spi.images.ImageSource.Repository;
import dev.carafe.spi.images.ImageVerifier;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Pulls images: resolve, verify, fetch, unpack, name. A lease holds everything until the name is
 * written, which comes last: an interruption at any point leaves no half image, and what was
 * fetched is used by the next pull (until garbage collection, or a day for an unfinished blob).
 *
 * <p>Bytes are passed over once: each layer goes from the network to its blob, through
 * decompression and into its snapshot while it arrives, layers in parallel. Pulls that want the
 * same blob or layer at the same time share the work.
 */
public final class ImagePuller {
  private final Metadata metadata;
  private final ImageSources sources;
  private final ImageFormats formats;
  private final ImageVerification verification;
  private final BlobFetcher fetcher;
  private final LayerUnpacker unpacker;
  private final PullLeases pullLeases;

  public ImagePuller(
      Metadata metadata,
      ImageSources sources,
      ImageFormats formats,
      ImageVerification verification,
      LayerApplier applier,
      PullConfig config) {
    this.metadata = metadata;
    this.pullLeases = new PullLeases(metadata);
    this.sources = sources;
    this.formats = formats;
    this.verification = verification;
    this.fetcher = new BlobFetcher(config);
    this.unpacker = new LayerUnpacker(fetcher, applier, config);
  }

  /** Lets go of what pulls of a killed daemon held. To be called before the first pull. */
  public void forgetInterrupted() {
    pullLeases.endAbandoned();
  }

  /**
   * Pulls an image.
   *
   * @param leaseId lease of the caller, or empty: then the pull has one of its own, which ends with
   *     it
   */
  public Image pull(Namespace namespace, String leaseId, PullRequest request, Progress progress) {
    return Observations.of(
        "pull",
        request.location().toString(),
        span -> leased(namespace, leaseId, request, observed(progress, span)));
  }

  private static Progress observed(Progress progress, Observer.Span span) {
    if (span == Observer.Span.NONE) {
      return progress;
    }
    return step -> {
      progress.report(step);
      span.progress(step.name(), step.event(), step.done(), step.total());
    };
  }

  private Image leased(
      Namespace namespace, String leaseId, PullRequest request, Progress progress) {
    if (!leaseId.isEmpty()) {
      return pull(metadata.stores(namespace, leaseId), leaseId, request, progress);
    }
    Stores unleased = metadata.stores(namespace);
    Lease lease = pullLeases.open(unleased.leases(), request.storeAs());
    try {
      return pull(metadata.stores(namespace, lease.id()), lease.id(), request, progress);
    } finally {
      Interrupts.shielded(() -> unleased.leases().delete(lease.id()));
    }
  }

  private Image pull(Stores stores, String leaseId, PullRequest request, Progress progress) {
    progress.report(step("resolving", request, null));
    try (Repository repository = sources.open(request.location(), request.source())) {
      Descriptor target = repository.target();
      progress.report(step("resolved", request, target));
      verification.check(
          request.location(),
          target,
          new ImageVerifier.Pull(
              request.platforms(),
              request.source(),
              document -> ImageVerification.read(repository, document)));
      Descriptor kept = formats.convert(target, repository, stores.content());
      fetch(
          new Fetch(
              stores,
              metadata.stores(stores.namespace()).content(),
              leaseId,
              repository,
              request.location() instanceof ImageName name ? name.toString() : "",
              sourceLabel(request.location()),
              progress),
          kept,
          new Wanted(
              request.storeAs(),
              request.platforms(),
              request.unpacks(),
              request.allMetadata(),
              request.manifestLimit()));
      Image image = stores.images().put(Image.of(request.storeAs(), kept, request.labels()));
      progress.report(step("saved", request, kept));
      return image;
    }
  }

  /**
   * Does to an image whose content is here already what a pull does to one that it fetches: its
   * blobs hold each other, and its layers become snapshots. Its name is the caller's business.
   *
   * @param image what it is called in messages and progress
   * @param platforms empty means all
   * @throws NotFoundException if content is missing
   */
  public void adopt(
      Stores stores,
      String leaseId,
      String image,
      Descriptor target,
      List<Platform> platforms,
      List<PullRequest.Unpack> unpacks,
      Progress progress) {
    Fetch fetch =
        new Fetch(
            stores,
            metadata.stores(stores.namespace()).content(),
            leaseId,
            new NowhereElse(target),
            "",
            Map.of(),
            progress);
    fetch(fetch, target, new Wanted(image, platforms, unpacks, false, 0));
  }

  /** What is wanted of an image, wherever it comes from. */
  private record Wanted(
      String image,
      List<Platform> platforms,
      List<PullRequest.Unpack> unpacks,
      boolean allMetadata,
      long manifestLimit) {}

  /** What is taken of an index: some with their layers, others without. */
  private record Choice(List<Descriptor> whole, List<Descriptor> metadata) {
    /** Of nothing below this is more than metadata wanted. */
    Choice onlyMetadata() {
      return new Choice(List.of(), Stream.concat(whole.stream(), metadata.stream()).toList());
    }

    boolean contains(Descriptor descriptor) {
      return whole.contains(descriptor) || metadata.contains(descriptor);
    }
  }

  private void fetch(Fetch fetch, Descriptor target, Wanted wanted) {
    try {
      List<Callable<Boolean>> work = new ArrayList<>();
      for (ImageTree image : fetchTree(fetch, target, wanted)) {
        work.add(() -> fetchImage(fetch, image, wanted.unpacks()));
      }
      Parallel.all(work);
    } catch (DaemonException e) {
      if (hopeless(e)) {
        Interrupts.shielded(() -> fetcher.abandon(fetch));
      }
      throw e;
    }
  }

  /**
   * Whether the image or this machine is at fault, so that another attempt would not get further.
   */
  private static boolean hopeless(DaemonException failure) {
    return switch (failure) {
      case DataLossException _,
          FailedPreconditionException _,
          InvalidArgumentException _,
          OutOfRangeException _,
          ResourceExhaustedException _,
          UnimplementedException _ ->
          true;
      case AbortedException _,
          AlreadyExistsException _,
          CancelledException _,
          DeadlineExceededException _,
          NotFoundException _,
          PermissionDeniedException _,
          UnauthenticatedException _,
          UnavailableException _,
          UnknownException _ ->
          false;
    };
  }

  /** A manifest with its platform; null where nobody says it: then it was asked for as it is. */
  record ImageTree(
      Descriptor descriptor,
      ImageDocument.Manifest manifest,
      @Nullable Platform platform,
      List<String> parents) {}

  private List<ImageTree> fetchTree(Fetch fetch, Descriptor target, Wanted wanted) {
    List<ImageTree> images = new ArrayList<>();
    fetchTree(fetch, target, wanted, List.of(wanted.image()), images, true, 0);
    if (images.isEmpty()) {
      throw new NotFoundException(
          "image \""
              + wanted.image()
              + "\": no manifest for platform "
              + wanted.platforms()
              + ": not found");
    }
    return images;
  }

  private void fetchTree(
      Fetch fetch,
      Descriptor descriptor,
      Wanted wanted,
      List<String> parents,
      List<ImageTree> images,
      boolean whole,
      int depth) {
    if (depth > 4) {
      throw new UnimplementedException(
          "index " + descriptor.digest() + ": more than 4 levels of indexes");
    }
    byte[] bytes = fetcher.fetchDocument(fetch, descriptor, parents);
    List<String> below = List.of(BlobFetcher.pieceName(descriptor));
    switch (ImageDocument.parse(descriptor, bytes)) {
      case ImageDocument.Index index -> {
        Choice chosen = choose(index, wanted);
        if (!whole) {
          chosen = chosen.onlyMetadata();
        }
        fetcher.label(fetch, descriptor, childLabels(index.manifests(), chosen));
        for (Descriptor manifest : chosen.whole()) {
          fetchTree(fetch, manifest, wanted, below, images, true, depth + 1);
        }
        for (Descriptor manifest : chosen.metadata()) {
          fetchTree(fetch, manifest, wanted, below, images, false, depth + 1);
        }
      }
      case ImageDocument.Manifest manifest -> {
        Map<String, String> labels = new LinkedHashMap<>();
        labels.put(Labels.GC_REF_CONTENT + ".config", manifest.config().digest().toString());
        for (int i = 0; i < manifest.layers().size(); i++) {
          labels.put(
              Labels.GC_REF_CONTENT + ".l." + i, manifest.layers().get(i).digest().toString());
        }
        fetcher.label(fetch, descriptor, labels);
        if (!whole) {
          fetcher.fetch(fetch, manifest.config(), below);
          return;
        }
        images.add(new ImageTree(descriptor, manifest, descriptor.platform(), below));
      }
    }
  }

  private static Choice choose(ImageDocument.Index index, Wanted wanted) {
    List<Descriptor> readable =
        index.manifests().stream()
            .filter(child ->
                MediaTypes.isManifest(child.mediaType()) || MediaTypes.isIndex(child.mediaType()))
            .toList();
    List<Descriptor> whole =
        wanted.platforms().isEmpty()
            ? readable
            : wanted.platforms().stream()
                .flatMap(platform -> Platforms.choose(platform, readable).stream())
                .distinct()
                .toList();
    List<Descriptor> metadata =
        wanted.allMetadata()
            ? readable.stream().filter(child -> !whole.contains(child)).toList()
            : List.of();
    if (wanted.manifestLimit() == 0) {
      return new Choice(whole, metadata);
    }
    List<Descriptor> taken = whole.stream().limit(wanted.manifestLimit()).toList();
    return new Choice(
        taken, metadata.stream().limit(wanted.manifestLimit() - taken.size()).toList());
  }

  private static Map<String, String> childLabels(List<Descriptor> all, Choice chosen) {
    Map<String, String> labels = new LinkedHashMap<>();
    for (int i = 0; i < all.size(); i++) {
      if (chosen.contains(all.get(i))) {
        labels.put(Labels.GC_REF_CONTENT + ".m." + i, all.get(i).digest().toString());
      }
    }
    return labels;
  }

  private static boolean runsOn(@Nullable Platform image, Platform wanted) {
    return image == null || Platforms.matches(wanted, image);
  }

  private Boolean fetchImage(Fetch fetch, ImageTree image, List<PullRequest.Unpack> unpacks) {
    boolean runnable = MediaTypes.isConfig(image.manifest().config().mediaType());
    List<PullRequest.Unpack> wanted =
        runnable
            ? unpacks.stream()
                .filter(unpack -> runsOn(image.platform(), unpack.platform()))
                .toList()
            : List.of();
    if (wanted.isEmpty()) {
      fetcher.fetchAll(fetch, image.manifest().children(), image.parents());
      return false;
    }
    for (PullRequest.Unpack unpack : wanted) {
      unpacker.unpack(
          fetch, image, fetch.stores().snapshotter(unpack.snapshotter()), unpack.snapshotter());
    }
    return true;
  }

  private static Map<String, String> sourceLabel(ImageLocation location) {
    return switch (location) {
      case ImageName name -> Map.of(Labels.distributionSource(name.host()), name.repository());
      case ImageFile _ -> Map.of();
    };
  }

  private static Progress.Step step(
      String event, PullRequest request, @org.jspecify.annotations.Nullable Descriptor target) {
    return new Progress.Step(event, request.storeAs(), List.of(), 0, 0, target);
  }
}
