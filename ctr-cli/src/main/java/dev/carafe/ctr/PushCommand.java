package dev.carafe.ctr;

import dev.carafe.api.types.transfer.ImageStore;
import dev.carafe.oci.Platforms;
import dev.carafe.spi.images.ImageName;

/** Pushes an image, under its own name or another. */
final class PushCommand {
  private final Session session;
  private final Arguments arguments;

  PushCommand(Session session) {
    this.session = session;
    this.arguments = session.arguments();
  }

  int run() throws InterruptedException {
    String local = ImageCommands.find(session, arguments.operand(0)).getName();
    ImageName remote =
        ImageName.normalize(arguments.operands().size() > 1 ? arguments.operand(1) : local);
    ImageStore.Builder source = ImageStore.newBuilder().setName(local);
    arguments
        .values("platform")
        .forEach(platform -> source.addPlatforms(PullCommand.proto(Platforms.parse(platform))));
    try (TransferCall transfer = new TransferCall(session, arguments.has("quiet"))) {
      transfer.run(
          TransferCall.any("ImageStore", source.build()),
          Registries.source(transfer, remote, arguments));
    }
    return 0;
  }
}
