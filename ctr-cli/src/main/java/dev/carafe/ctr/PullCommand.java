package dev.carafe.ctr;

import dev.carafe.api.types.transfer.ImageStore;
import dev.carafe.api.types.transfer.UnpackConfiguration;
import dev.carafe.oci.Platforms;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.images.ImageLocation;

/** Pulls an image: one transfer, with a stream for progress and one for credentials. */
final class PullCommand {
  private final Session session;
  private final Arguments arguments;

  PullCommand(Session session) {
    this.session = session;
    this.arguments = session.arguments();
  }

  int run() throws InterruptedException {
    ImageLocation image = ImageLocation.normalize(arguments.operand(0));
    String name =
        arguments.operands().size() > 1
            ? ImageCommands.fullName(arguments.operand(1))
            : image.toString();
    try (TransferCall transfer = new TransferCall(session, arguments.has("quiet"))) {
      transfer.run(
          Registries.source(transfer, image, arguments),
          TransferCall.any("ImageStore", destination(name)));
    }
    return 0;
  }

  private ImageStore destination(String name) {
    ImageStore.Builder store =
        ImageStore.newBuilder().setName(name).putAllLabels(Text.pairs(arguments.values("label")));
    addPlatforms(session, store);
    return store.build();
  }

  /** What is taken and unpacked, as the flags say. */
  static void addPlatforms(Session session, ImageStore.Builder store) {
    Arguments arguments = session.arguments();
    String wanted = arguments.valueOrNull("platform");
    var platform = proto(wanted == null ? Platforms.host() : Platforms.parse(wanted));
    if (!arguments.has("all-platforms")) {
      store.addPlatforms(platform);
    }
    if (!arguments.has("no-unpack")) {
      store.addUnpacks(
          UnpackConfiguration.newBuilder()
              .setPlatform(platform)
              .setSnapshotter(session.snapshotter()));
    }
  }

  static dev.carafe.api.types.Platform proto(Platform platform) {
    return dev.carafe.api.types.Platform.newBuilder()
        .setOs(platform.os())
        .setArchitecture(platform.architecture())
        .setVariant(platform.variant())
        .build();
  }
}
