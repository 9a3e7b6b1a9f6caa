package dev.carafe.ctr;

import dev.carafe.api.types.transfer.ImageExportStream;
import dev.carafe.api.types.transfer.ImageImportStream;
import dev.carafe.api.types.transfer.ImageReference;
import dev.carafe.api.types.transfer.ImageStore;
import dev.carafe.ctr.grpc.StatusException;
import dev.carafe.oci.Platforms;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;

/** Images from archives and into archives; {@code -} is standard input or output. */
final class ArchiveCommands {
  private final Session session;
  private final Arguments arguments;

  ArchiveCommands(Session session) {
    this.session = session;
    this.arguments = session.arguments();
  }

  int importAll() throws IOException, InterruptedException {
    String file = arguments.operand(0);
    try (InputStream in =
            file.equals("-") ? session.streams().in() : Files.newInputStream(Path.of(file));
        TransferCall transfer = new TransferCall(session, arguments.has("quiet"))) {
      DataStreams.Sender archive = DataStreams.send(transfer, "import", in);
      ImageImportStream source =
          ImageImportStream.newBuilder()
              .setStream(archive.id())
              .setForceCompress(arguments.has("compress"))
              .build();
      try {
        transfer.run(
            TransferCall.any("ImageImportStream", source),
            TransferCall.any("ImageStore", importStore()));
      } catch (StatusException e) {
        archive.check();
        throw e;
      }
      if (!transfer.named()) {
        session.streams().complain("no image of the archive has a name that --base-name lets");
      }
    }
    return 0;
  }

  private ImageStore importStore() {
    String base = arguments.value("base-name", "");
    ImageStore.Builder store =
        ImageStore.newBuilder()
            .setName(arguments.value("index-name", ""))
            .putAllLabels(Text.pairs(arguments.values("label")))
            .addExtraReferences(
                ImageReference.newBuilder()
                    .setName(base.isEmpty() ? "import-" + LocalDate.now() : base)
                    .setIsPrefix(true)
                    .setAllowOverwrite(base.isEmpty())
                    .setAddDigest(arguments.has("digests"))
                    .setSkipNamedDigest(arguments.has("skip-digest-for-named")));
    PullCommand.addPlatforms(session, store);
    return store.build();
  }

  int export() throws IOException, InterruptedException {
    String file = arguments.operand(0);
    List<String> names =
        arguments.operandsFrom(1).stream()
            .map(name -> ImageCommands.find(session, name).getName())
            .toList();
    if (file.equals("-")) {
      export(names, session.out(), true);
      return 0;
    }
    Path path = Path.of(file);
    boolean done = false;
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(path), 128 << 10)) {
      export(names, out, arguments.has("quiet"));
      done = true;
    } finally {
      // Half an archive is none.
      if (!done && Files.isRegularFile(path)) {
        Files.deleteIfExists(path);
      }
    }
    return 0;
  }

  private void export(List<String> names, OutputStream out, boolean silent)
      throws IOException, InterruptedException {
    ImageStore.Builder store = ImageStore.newBuilder().setName(names.getFirst());
    names.stream()
        .skip(1)
        .forEach(
            name -> store.addExtraReferences(ImageReference.newBuilder().setName(name).build()));
    try (TransferCall transfer = new TransferCall(session, silent)) {
      DataStreams.Receiver archive = DataStreams.receive(transfer, "export", out);
      ImageExportStream.Builder destination =
          ImageExportStream.newBuilder()
              .setStream(archive.id())
              .setAllPlatforms(arguments.has("all-platforms"))
              .setSkipCompatibilityManifest(arguments.has("skip-manifest-json"))
              .setSkipNonDistributable(arguments.has("skip-non-distributable"));
      arguments
          .values("platform")
          .forEach(
              platform -> destination.addPlatforms(PullCommand.proto(Platforms.parse(platform))));
      try {
        transfer.run(
            TransferCall.any("ImageStore", store.build()),
            TransferCall.any("ImageExportStream", destination.build()));
      } catch (StatusException e) {
        archive.check();
        throw e;
      }
      archive.finish();
    }
  }
}
