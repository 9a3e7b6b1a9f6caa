package dev.carafe.services;

import dev.carafe.api.types.transfer.ImageExportStream;
import dev.carafe.api.types.transfer.ImageImportStream;
import dev.carafe.api.types.transfer.ImageReference;
import dev.carafe.api.types.transfer.ImageStore;
import dev.carafe.engine.archive.ExportRequest;
import dev.carafe.engine.archive.ImportRequest;
import dev.carafe.engine.pull.Progress;
import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.spi.errors.UnimplementedException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Import and export: archives over streams, progress in containerd's words. */
final class ArchiveTransfers {
  private final TransferFlows flows;
  private final ImageTransfers images;
  private final StreamRegistry streams;

  ArchiveTransfers(TransferFlows flows, ImageTransfers images, StreamRegistry streams) {
    this.flows = flows;
    this.images = images;
    this.streams = streams;
  }

  void importAll(ImageImportStream source, ImageStore destination, Progress progress) {
    Namespace namespace = Calls.namespace();
    ImportRequest request =
        new ImportRequest(
            destination.getName(),
            ImageTransfers.references(destination),
            ImageTransfers.platforms(destination),
            images.unpacks(destination),
            Labels.checked(destination.getLabelsMap()),
            source.getForceCompress());
    progress.report(ImageTransfers.said("Importing", null));
    try (ReceivedData archive = new ReceivedData(streams.get(namespace, source.getStream()))) {
      flows.importer().importAll(namespace, Calls.lease(), request, archive, progress);
    }
    progress.report(ImageTransfers.said("Completed import", null));
  }

  void export(ImageStore source, ImageExportStream destination, Progress progress)
      throws IOException {
    Namespace namespace = Calls.namespace();
    ExportRequest request =
        new ExportRequest(
            names(source),
            destination.getPlatformsList().stream().map(Protos::platform).toList(),
            destination.getAllPlatforms(),
            !destination.getSkipCompatibilityManifest(),
            destination.getSkipNonDistributable());
    progress.report(ImageTransfers.said("Exporting", null));
    StreamRegistry.OpenStream stream = streams.get(namespace, destination.getStream());
    try (SentData archive = new SentData(stream)) {
      try {
        flows.exporter().export(namespace, Calls.lease(), request, archive);
      } catch (RuntimeException e) {
        // No more data behind a failure.
        stream.close();
        throw e;
      }
    }
    progress.report(ImageTransfers.said("Completed export", null));
  }

  private static List<String> names(ImageStore store) {
    List<String> names = new ArrayList<>();
    if (!store.getName().isEmpty()) {
      names.add(store.getName());
    }
    for (ImageReference reference : store.getExtraReferencesList()) {
      if (reference.getIsPrefix()) {
        throw new UnimplementedException(
            "export of all images with prefix \"" + reference.getName() + "\" is not supported");
      }
      names.add(reference.getName());
    }
    return names;
  }

  /** Sends back what comes. */
  void echo(ImageImportStream source, ImageExportStream destination) throws IOException {
    Namespace namespace = Calls.namespace();
    try (ReceivedData in = new ReceivedData(streams.get(namespace, source.getStream()));
        SentData out = new SentData(streams.get(namespace, destination.getStream()))) {
      in.transferTo(out);
    }
  }
}
