package dev.carafe.ctr;

import dev.carafe.api.services.images.v1.Image;
import dev.carafe.api.services.images.v1.ListImagesRequest;
import dev.carafe.api.services.snapshots.v1.StatSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.UsageRequest;
import dev.carafe.api.services.snapshots.v1.UsageResponse;
import dev.carafe.ctr.grpc.StatusException;
import dev.carafe.oci.ChainId;
import dev.carafe.oci.MediaTypes;
import dev.carafe.oci.Platforms;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import java.util.ArrayList;
import java.util.List;

/** What images are made of, whether all of it is here, and what it takes. */
final class ImageDetailCommands {
  private final Session session;
  private final Arguments arguments;

  ImageDetailCommands(Session session) {
    this.session = session;
    this.arguments = session.arguments();
  }

  int inspect() {
    Image image = ImageCommands.find(session, arguments.operand(0));
    ImageTree tree = ImageTree.of(session, image);
    if (session.json()) {
      session
          .out()
          .println(
              Text.json(
                  Text.object(
                      "name", image.getName(),
                      "labels", image.getLabelsMap(),
                      "created_at", Text.time(image.getCreatedAt()),
                      "updated_at", Text.time(image.getUpdatedAt()),
                      "target", tree.json())));
      return 0;
    }
    session.out().println(Text.printable(image.getName()));
    session.out().println("  created " + Text.time(image.getCreatedAt()));
    session.out().println("  updated " + Text.time(image.getUpdatedAt()));
    if (image.getLabelsCount() > 0) {
      session.out().println(Text.printable("  labels  " + Text.labels(image.getLabelsMap())));
    }
    tree.lines().forEach(line -> session.out().println(Text.printable(line)));
    return 0;
  }

  private List<Image> images() {
    return session
        .channel()
        .unary(
            Api.Images.LIST,
            ListImagesRequest.newBuilder().addAllFilters(arguments.operands()).build())
        .getImagesList();
  }

  /** Exit code 1 if something is missing. */
  int check() {
    Table table = new Table("NAME", "STATUS", "SIZE", "UNPACKED");
    boolean whole = true;
    for (Image image : images()) {
      List<ImageTree> needed = needed(ImageTree.of(session, image));
      long here = needed.stream().filter(ImageTree::present).count();
      long total = needed.stream().mapToLong(blob -> blob.descriptor().size()).sum();
      long size =
          needed.stream()
              .filter(ImageTree::present)
              .mapToLong(blob -> blob.descriptor().size())
              .sum();
      boolean complete = here == needed.size() && !needed.isEmpty();
      boolean unpacked = complete && isUnpacked(image);
      whole &= complete;
      table.row(
          Text.object(
              "name", image.getName(),
              "complete", complete,
              "present", here,
              "blobs", needed.size(),
              "size", size,
              "total", total,
              "unpacked", unpacked),
          image.getName(),
          (complete ? "complete" : "incomplete") + " (" + here + "/" + needed.size() + ")",
          Text.size(size) + "/" + Text.size(total),
          Boolean.toString(unpacked));
    }
    table.print(session);
    return whole ? 0 : 1;
  }

  /** What this machine needs of an image: the index, and the manifest for its platform. */
  private static List<ImageTree> needed(ImageTree tree) {
    if (!MediaTypes.isIndex(tree.descriptor().mediaType()) || !tree.present()) {
      return List.copyOf(tree.blobs().values());
    }
    List<ImageTree> needed = new ArrayList<>(List.of(tree));
    List<Descriptor> manifests = tree.children().stream().map(ImageTree::descriptor).toList();
    Platforms.choose(Platforms.host(), manifests)
        .ifPresent(chosen ->
            tree.children().stream()
                .filter(child -> child.descriptor().equals(chosen))
                .forEach(child -> needed.addAll(needed(child))));
    return needed;
  }

  private boolean isUnpacked(Image image) {
    try {
      String chainId = RunnableImage.read(session, image, null).chainId();
      return chainId.isEmpty() || exists(chainId);
    } catch (StatusException e) {
      if (e.code() == StatusException.NOT_FOUND) {
        return false;
      }
      throw e;
    }
  }

  private boolean exists(String key) {
    try {
      session
          .channel()
          .unary(
              Api.Snapshots.STAT,
              StatSnapshotRequest.newBuilder()
                  .setSnapshotter(session.snapshotter())
                  .setKey(key)
                  .build());
      return true;
    } catch (StatusException e) {
      if (e.code() == StatusException.NOT_FOUND) {
        return false;
      }
      throw e;
    }
  }

  int usage() {
    List<Image> images =
        arguments.operands().isEmpty()
            ? images()
            : arguments.operands().stream().map(name -> ImageCommands.find(session, name)).toList();
    Table table = new Table("NAME", "CONTENT", "SNAPSHOTS");
    for (Image image : images) {
      long content =
          ImageTree.of(session, image).blobs().values().stream()
              .filter(ImageTree::present)
              .mapToLong(blob -> blob.descriptor().size())
              .sum();
      long snapshots = 0;
      for (String key : chain(image)) {
        snapshots += usage(key);
      }
      table.row(
          Text.object("name", image.getName(), "content", content, "snapshots", snapshots),
          image.getName(),
          Text.size(content),
          Text.size(snapshots));
    }
    table.print(session);
    return 0;
  }

  private List<String> chain(Image image) {
    try {
      return ChainId.of(RunnableImage.read(session, image, null).config().diffIds()).stream()
          .map(Digest::toString)
          .toList();
    } catch (StatusException e) {
      if (e.code() == StatusException.NOT_FOUND) {
        return List.of();
      }
      throw e;
    }
  }

  private long usage(String key) {
    try {
      UsageResponse usage =
          session
              .channel()
              .unary(
                  Api.Snapshots.USAGE,
                  UsageRequest.newBuilder()
                      .setSnapshotter(session.snapshotter())
                      .setKey(key)
                      .build());
      return usage.getSize();
    } catch (StatusException e) {
      if (e.code() == StatusException.NOT_FOUND) {
        return 0;
      }
      throw e;
    }
  }
}
