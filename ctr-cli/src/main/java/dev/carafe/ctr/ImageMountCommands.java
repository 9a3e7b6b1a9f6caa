package dev.carafe.ctr;

import dev.carafe.api.services.snapshots.v1.PrepareSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.RemoveSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.ViewSnapshotRequest;
import dev.carafe.ctr.grpc.StatusException;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Mounter;
import dev.carafe.spi.mounts.Mount;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/** An image's files in a directory of this machine; the snapshot has the directory's name. */
final class ImageMountCommands {
  private final Session session;
  private final Arguments arguments;

  ImageMountCommands(Session session) {
    this.session = session;
    this.arguments = session.arguments();
  }

  int mount() {
    Path target = Path.of(arguments.operand(1)).toAbsolutePath().normalize();
    RunnableImage image =
        RunnableImage.read(
            session,
            ImageCommands.find(session, arguments.operand(0)),
            arguments.valueOrNull("platform"));
    String key = target.toString();
    List<dev.carafe.api.types.Mount> mounts =
        arguments.has("rw") ? prepare(key, image) : view(key, image);
    try {
      Mounter.kernel().mount(mounts.stream().map(ImageMountCommands::mount).toList(), target);
    } catch (ErrnoException e) {
      remove(key);
      throw new StatusException(
          StatusException.UNKNOWN, "mount at " + target + ": " + e.getMessage());
    }
    session.out().println(target);
    return 0;
  }

  private List<dev.carafe.api.types.Mount> view(String key, RunnableImage image) {
    return session
        .channel()
        .unary(
            Api.Snapshots.VIEW,
            ViewSnapshotRequest.newBuilder()
                .setSnapshotter(session.snapshotter())
                .setKey(key)
                .setParent(image.chainId())
                .putLabels("containerd.io/gc.root", Instant.now().toString())
                .build())
        .getMountsList();
  }

  private List<dev.carafe.api.types.Mount> prepare(String key, RunnableImage image) {
    return session
        .channel()
        .unary(
            Api.Snapshots.PREPARE,
            PrepareSnapshotRequest.newBuilder()
                .setSnapshotter(session.snapshotter())
                .setKey(key)
                .setParent(image.chainId())
                .putLabels("containerd.io/gc.root", Instant.now().toString())
                .build())
        .getMountsList();
  }

  private static Mount mount(dev.carafe.api.types.Mount mount) {
    return new Mount(mount.getType(), mount.getSource(), mount.getTarget(), mount.getOptionsList());
  }

  int unmount() {
    Path target = Path.of(arguments.operand(0)).toAbsolutePath().normalize();
    try {
      Mounter.kernel().unmountAll(target);
    } catch (ErrnoException e) {
      throw new StatusException(
          StatusException.UNKNOWN, "unmount of " + target + ": " + e.getMessage());
    }
    if (arguments.has("rm")) {
      remove(target.toString());
    }
    return 0;
  }

  private void remove(String key) {
    session
        .channel()
        .unary(
            Api.Snapshots.REMOVE,
            RemoveSnapshotRequest.newBuilder()
                .setSnapshotter(session.snapshotter())
                .setKey(key)
                .build());
  }
}
