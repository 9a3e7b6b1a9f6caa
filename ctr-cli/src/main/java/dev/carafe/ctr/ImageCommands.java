package dev.carafe.ctr;

import dev.carafe.api.services.containers.v1.ListContainersRequest;
import dev.carafe.api.services.images.v1.CreateImageRequest;
import dev.carafe.api.services.images.v1.DeleteImageRequest;
import dev.carafe.api.services.images.v1.GetImageRequest;
import dev.carafe.api.services.images.v1.Image;
import dev.carafe.api.services.images.v1.ListImagesRequest;
import dev.carafe.api.services.images.v1.UpdateImageRequest;
import dev.carafe.ctr.grpc.StatusException;
import dev.carafe.spi.images.ImageLocation;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Images. */
final class ImageCommands {
  private final Session session;

  ImageCommands(Session session) {
    this.session = session;
  }

  int list() {
    List<Image> images =
        session
            .channel()
            .unary(
                Api.Images.LIST,
                ListImagesRequest.newBuilder()
                    .addAllFilters(session.arguments().operands())
                    .build())
            .getImagesList();
    Table table = new Table("NAME", "DIGEST", "TYPE", "LABELS");
    for (Image image : images) {
      table.row(
          Text.object(
              "name", image.getName(),
              "digest", image.getTarget().getDigest(),
              "media_type", image.getTarget().getMediaType(),
              "size", image.getTarget().getSize(),
              "labels", image.getLabelsMap(),
              "created_at", Text.time(image.getCreatedAt()),
              "updated_at", Text.time(image.getUpdatedAt())),
          image.getName(),
          image.getTarget().getDigest(),
          image.getTarget().getMediaType(),
          Text.labels(image.getLabelsMap()));
    }
    table.print(session);
    return 0;
  }

  int remove() {
    for (String name : session.arguments().operands()) {
      session
          .channel()
          .unary(
              Api.Images.DELETE,
              DeleteImageRequest.newBuilder()
                  .setName(find(session, name).getName())
                  .setSync(session.arguments().has("sync"))
                  .build());
    }
    return 0;
  }

  /** Removes what no container was made of; without {@code --all} only tells what that is. */
  int prune() {
    Set<String> used = new HashSet<>();
    session
        .channel()
        .unary(Api.Containers.LIST, ListContainersRequest.getDefaultInstance())
        .getContainersList()
        .forEach(container -> used.add(container.getImage()));
    for (Image image :
        session
            .channel()
            .unary(Api.Images.LIST, ListImagesRequest.getDefaultInstance())
            .getImagesList()) {
      if (used.contains(image.getName())) {
        continue;
      }
      if (session.arguments().has("all")) {
        session
            .channel()
            .unary(
                Api.Images.DELETE,
                DeleteImageRequest.newBuilder().setName(image.getName()).setSync(true).build());
      }
      session.out().println(Text.printable(image.getName()));
    }
    return 0;
  }

  int tag() {
    Image image = find(session, session.arguments().operand(0));
    Image tagged =
        Image.newBuilder()
            .setName(fullName(session.arguments().operand(1)))
            .setTarget(image.getTarget())
            .build();
    try {
      session
          .channel()
          .unary(Api.Images.CREATE, CreateImageRequest.newBuilder().setImage(tagged).build());
    } catch (StatusException e) {
      if (e.code() != StatusException.ALREADY_EXISTS || !session.arguments().has("force")) {
        throw e;
      }
      session
          .channel()
          .unary(Api.Images.UPDATE, UpdateImageRequest.newBuilder().setImage(tagged).build());
    }
    return 0;
  }

  /** The name as it was typed, or what a short name stands for. */
  static Image find(Session session, String name) {
    try {
      return session
          .channel()
          .unary(Api.Images.GET, GetImageRequest.newBuilder().setName(name).build())
          .getImage();
    } catch (StatusException e) {
      String full = fullName(name);
      if (e.code() != StatusException.NOT_FOUND || full.equals(name)) {
        throw e;
      }
      return session
          .channel()
          .unary(Api.Images.GET, GetImageRequest.newBuilder().setName(full).build())
          .getImage();
    }
  }

  static String fullName(String name) {
    return ImageLocation.normalize(name).toString();
  }
}
