package dev.carafe.services;

import dev.carafe.api.types.transfer.ImageReference;
import dev.carafe.api.types.transfer.ImageStore;
import dev.carafe.api.types.transfer.OCIRegistry;
import dev.carafe.engine.archive.ImageNames;
import dev.carafe.engine.pull.Progress;
import dev.carafe.engine.pull.PullRequest;
import dev.carafe.engine.push.PushRequest;
import dev.carafe.engine.stores.Image;
import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.Stores;
import dev.carafe.oci.Platforms;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.images.ImageLocation;
import dev.carafe.spi.images.ImageName;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Pull, push and tag: messages to requests, and progress in containerd's words. */
final class ImageTransfers {
  private final Metadata metadata;
  private final TransferFlows flows;
  private final RegistryOptions options;

  ImageTransfers(Metadata metadata, TransferFlows flows, RegistryOptions options) {
    this.metadata = metadata;
    this.flows = flows;
    this.options = options;
  }

  void pull(OCIRegistry source, ImageStore destination, Progress progress) {
    Namespace namespace = Calls.namespace();
    String registry = "OCI Registry (" + source.getReference() + ")";
    String storeAs =
        destination.getName().isEmpty() ? source.getReference() : destination.getName();
    Map<String, String> labels = Labels.checked(destination.getLabelsMap());
    progress.report(said("Resolving from " + registry, null));
    Image image;
    try (TraceStream trace = options.trace(namespace, source)) {
      image =
          flows
              .puller()
              .pull(
                  namespace,
                  Calls.lease(),
                  new PullRequest(
                      ImageLocation.parse(source.getReference()),
                      storeAs,
                      options.of(namespace, source, trace),
                      platforms(destination),
                      destination.getAllMetadata(),
                      Integer.toUnsignedLong(destination.getManifestLimit()),
                      unpacks(destination),
                      labels),
                  step -> {
                    switch (step.event()) {
                      case "resolving" -> {}
                      case "resolved" -> {
                        progress.report(said("Pulling from " + registry, null));
                        progress.report(
                            new Progress.Step(
                                "fetching image content",
                                step.name(),
                                List.of(),
                                0,
                                0,
                                step.descriptor()));
                      }
                      default -> progress.report(step);
                    }
                  });
    }
    for (String name : ImageNames.ofTarget("", image.target(), references(destination))) {
      Calls.stores(metadata).images().put(Image.of(name, image.target(), labels));
      progress.report(new Progress.Step("saved", name, List.of(), 0, 0, image.target()));
    }
    progress.report(said("Completed pull from " + registry, image.target()));
  }

  void push(ImageStore source, OCIRegistry destination, Progress progress) {
    Namespace namespace = Calls.namespace();
    String registry = "OCI Registry (" + destination.getReference() + ")";
    progress.report(said("Pushing to " + registry, null));
    try (TraceStream trace = options.trace(namespace, destination)) {
      flows
          .pusher()
          .push(
              namespace,
              Calls.lease(),
              new PushRequest(
                  source.getName(),
                  ImageName.parse(destination.getReference()),
                  options.of(namespace, destination, trace),
                  platforms(source)),
              progress);
    }
    progress.report(said("Completed push to " + registry, null));
  }

  void tag(ImageStore source, ImageStore destination) {
    Stores stores = Calls.stores(metadata);
    Image image = stores.images().get(source.getName());
    List<String> names =
        ImageNames.ofTarget(destination.getName(), image.target(), references(destination));
    if (names.isEmpty()) {
      throw new InvalidArgumentException("destination image name must not be empty");
    }
    Map<String, String> labels = Labels.checked(destination.getLabelsMap());
    for (String name : names) {
      stores.images().put(Image.of(name, image.target(), labels));
    }
  }

  static List<Platform> platforms(ImageStore store) {
    return store.getPlatformsList().stream().map(Protos::platform).toList();
  }

  List<PullRequest.Unpack> unpacks(ImageStore store) {
    return store.getUnpacksList().stream()
        .map(unpack ->
            new PullRequest.Unpack(
                unpack.hasPlatform() ? Protos.platform(unpack.getPlatform()) : Platforms.host(),
                unpack.getSnapshotter().isEmpty()
                    ? flows.defaultSnapshotter()
                    : unpack.getSnapshotter()))
        .toList();
  }

  static List<dev.carafe.engine.archive.ImageReference> references(ImageStore store) {
    return store.getExtraReferencesList().stream().map(ImageTransfers::reference).toList();
  }

  private static dev.carafe.engine.archive.ImageReference reference(ImageReference reference) {
    return new dev.carafe.engine.archive.ImageReference(
        reference.getName(),
        reference.getIsPrefix(),
        reference.getAllowOverwrite(),
        reference.getAddDigest(),
        reference.getSkipNamedDigest());
  }

  /** A step of the whole transfer. */
  static Progress.Step said(String event, @Nullable Descriptor target) {
    return new Progress.Step(event, "", List.of(), 0, 0, target);
  }
}
