package dev.carafe.engine.push;

import dev.carafe.engine.Interrupts;
import dev.carafe.engine.pull.Parallel;
import dev.carafe.engine.pull.Progress;
import dev.carafe.engine.pull.PullLeases;
import dev.carafe.engine.stores.Image;
import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.Stores;
import dev.carafe.oci.ImageDocument;
import dev.carafe.oci.MediaTypes;
import dev.carafe.oci.Platforms;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.images.ImageDestination;
import dev.carafe.spi.images.ImageSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;

/**
 * Pushes images: all blobs in parallel, then manifests from the leaves up, the named one last. What
 * has a name at the registry is complete, wherever a push is cut off. A lease holds the image
 * meanwhile, so that removing its name does not take the bytes away.
 */
public final class ImagePusher {
  private static final int MAX_DEPTH = 4;

  private final Metadata metadata;
  private final ImageSource registry;
  private final PullLeases leases;
  private final Semaphore uploads;

  /**
   * A pusher.
   *
   * @param maxConcurrentUploads blobs that are sent at once, in the whole daemon
   */
  public ImagePusher(Metadata metadata, ImageSource registry, int maxConcurrentUploads) {
    this.metadata = metadata;
    this.registry = registry;
    this.leases = new PullLeases(metadata);
    this.uploads = new Semaphore(maxConcurrentUploads, true);
  }

  /**
   * Pushes an image.
   *
   * @param leaseId lease of the caller, or empty: then the push has one of its own, which ends with
   *     it
   * @throws NotFoundException if the image, or content that it needs, is not here
   */
  public void push(Namespace namespace, String leaseId, PushRequest request, Progress progress) {
    Stores stores = metadata.stores(namespace);
    Lease own = leaseId.isEmpty() ? leases.open(stores.leases(), request.image()) : null;
    String lease = own == null ? leaseId : own.id();
    try {
      Image image = stores.images().get(request.image());
      hold(stores, lease, image.target().digest());
      push(stores, image.target(), request, progress);
    } finally {
      if (own != null) {
        Interrupts.shielded(() -> stores.leases().delete(own.id()));
      }
    }
  }

  private static void hold(Stores stores, String lease, Digest target) {
    stores.leases().addResource(lease, new Lease.Resource("content", target.toString()));
  }

  /** A manifest or index with the names of those above it. */
  private record Node(Descriptor descriptor, byte[] bytes, List<String> parents) {}

  /** A blob with the names of the manifests that need it. */
  private record Leaf(Descriptor descriptor, List<String> parents) {}

  /** What is to be sent: blobs once each, manifests from the root down. */
  private record Plan(List<Node> manifests, Map<Digest, Leaf> blobs) {}

  private void push(Stores stores, Descriptor target, PushRequest request, Progress progress) {
    progress.report(step("pushing content", request, target));
    Plan plan = new Plan(new ArrayList<>(), new LinkedHashMap<>());
    plan(stores, target, request, List.of(request.image()), plan, 0);
    try (ImageDestination destination =
        registry.destination(request.name(), request.destination())) {
      BlobPusher blobs = new BlobPusher(stores, destination, request.name(), uploads, progress);
      List<Callable<Boolean>> work = new ArrayList<>();
      plan.blobs()
          .values()
          .forEach(leaf -> work.add(() -> blobs.push(leaf.descriptor(), leaf.parents())));
      Parallel.all(work);
      for (Node node : plan.manifests().reversed()) {
        boolean named = node == plan.manifests().getFirst();
        blobs.push(node.descriptor(), node.bytes(), named, node.parents());
      }
    }
    progress.report(step("pushed content", request, target));
  }

  private void plan(
      Stores stores,
      Descriptor descriptor,
      PushRequest request,
      List<String> parents,
      Plan plan,
      int depth) {
    if (depth > MAX_DEPTH) {
      throw new UnimplementedException(
          "index " + descriptor.digest() + ": more than " + MAX_DEPTH + " levels of indexes");
    }
    byte[] bytes = read(stores, descriptor);
    List<String> below = List.of(BlobPusher.pieceName(descriptor));
    switch (ImageDocument.parse(descriptor, bytes)) {
      case ImageDocument.Index index -> {
        List<Descriptor> chosen = choose(descriptor, index, request.platforms());
        boolean partOfIt = chosen.size() < index.manifests().size();
        if (partOfIt && chosen.size() == 1 && depth == 0) {
          plan(stores, chosen.getFirst(), request, parents, plan, 1);
          return;
        }
        plan.manifests().add(new Node(descriptor, bytes, parents));
        for (Descriptor child : chosen) {
          if (MediaTypes.isManifest(child.mediaType()) || MediaTypes.isIndex(child.mediaType())) {
            plan(stores, child, request, below, plan, depth + 1);
          } else {
            plan.blobs().putIfAbsent(child.digest(), new Leaf(child, below));
          }
        }
      }
      case ImageDocument.Manifest manifest -> {
        plan.manifests().add(new Node(descriptor, bytes, parents));
        for (Descriptor child : manifest.children()) {
          if (!MediaTypes.isNonDistributable(child.mediaType())) {
            plan.blobs().putIfAbsent(child.digest(), new Leaf(child, below));
          }
        }
      }
    }
  }

  private static List<Descriptor> choose(
      Descriptor descriptor, ImageDocument.Index index, List<Platform> platforms) {
    if (platforms.isEmpty()) {
      return index.manifests();
    }
    List<Descriptor> chosen =
        platforms.stream()
            .flatMap(platform -> Platforms.choose(platform, index.manifests()).stream())
            .distinct()
            .toList();
    if (chosen.isEmpty()) {
      throw new NotFoundException(
          "index " + descriptor.digest() + ": no manifest for platform " + platforms);
    }
    return chosen;
  }

  private static byte[] read(Stores stores, Descriptor descriptor) {
    try (BlobReader reader = stores.content().open(descriptor.digest())) {
      return reader.readAll(ImageDocument.LIMIT);
    }
  }

  private static Progress.Step step(String event, PushRequest request, Descriptor target) {
    return new Progress.Step(event, request.image(), List.of(), 0, 0, target);
  }
}
