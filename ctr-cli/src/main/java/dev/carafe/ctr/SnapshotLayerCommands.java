package dev.carafe.ctr;

import dev.carafe.api.services.diff.v1.ApplyRequest;
import dev.carafe.api.services.images.v1.Image;
import dev.carafe.api.services.snapshots.v1.CommitSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.Info;
import dev.carafe.api.services.snapshots.v1.PrepareSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.RemoveSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.StatSnapshotRequest;
import dev.carafe.api.types.Descriptor;
import dev.carafe.api.types.Mount;
import dev.carafe.ctr.grpc.StatusException;
import dev.carafe.oci.ChainId;
import dev.carafe.spi.content.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Between snapshots and layers: what one added as an archive, and an image's layers as snapshots.
 */
final class SnapshotLayerCommands {
  private final Session session;
  private final Arguments arguments;
  private final String nonce = Long.toString(System.nanoTime(), 36);

  SnapshotLayerCommands(Session session) {
    this.session = session;
    this.arguments = session.arguments();
  }

  /** Writes what lies between two snapshots, or between one and its parent. */
  int diff() throws IOException {
    String key = arguments.operand(0);
    String mediaType = arguments.value("media-type", LayerDiff.GZIP);
    try (Leased leased = new Leased(session)) {
      LayerDiff differ = new LayerDiff(session, session.snapshotter(), leased);
      Descriptor layer =
          arguments.operands().size() > 1
              ? differ.between(key, arguments.operand(1), mediaType)
              : differ.added(key, mediaType);
      try (InputStream in = leased.read(Digest.parse(layer.getDigest()))) {
        in.transferTo(session.out());
      }
    }
    return 0;
  }

  private Info stat(String key) {
    return session
        .channel()
        .unary(
            Api.Snapshots.STAT,
            StatSnapshotRequest.newBuilder()
                .setSnapshotter(session.snapshotter())
                .setKey(key)
                .build())
        .getInfo();
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

  /** Makes snapshots of an image's layers. */
  int unpack() {
    Image image = ImageCommands.find(session, arguments.operand(0));
    RunnableImage runnable = RunnableImage.read(session, image, arguments.valueOrNull("platform"));
    List<Digest> chain = ChainId.of(runnable.config().diffIds());
    String parent = "";
    try (Leased leased = new Leased(session)) {
      for (int i = 0; i < chain.size(); i++) {
        String name = chain.get(i).toString();
        if (!exists(name)) {
          layer(leased, runnable, i, parent, name);
        }
        parent = name;
      }
      hold(runnable, parent);
    }
    session.out().println(parent);
    return 0;
  }

  private boolean exists(String name) {
    try {
      stat(name);
      return true;
    } catch (StatusException e) {
      if (e.code() == StatusException.NOT_FOUND) {
        return false;
      }
      throw e;
    }
  }

  private void layer(Leased leased, RunnableImage image, int index, String parent, String name) {
    var layer = image.layers().get(index);
    String key = "extract-" + nonce + " " + name;
    List<Mount> mounts =
        session
            .channel()
            .unary(
                Api.Snapshots.PREPARE,
                PrepareSnapshotRequest.newBuilder()
                    .setSnapshotter(session.snapshotter())
                    .setKey(key)
                    .setParent(parent)
                    .build(),
                leased.metadata())
            .getMountsList();
    boolean done = false;
    try {
      Descriptor applied =
          session
              .channel()
              .unary(
                  Api.Diff.APPLY,
                  ApplyRequest.newBuilder()
                      .setDiff(
                          Descriptor.newBuilder()
                              .setMediaType(layer.mediaType())
                              .setDigest(layer.digest().toString())
                              .setSize(layer.size()))
                      .addAllMounts(mounts)
                      .build(),
                  leased.metadata())
              .getApplied();
      String wanted = image.config().diffIds().get(index).toString();
      if (!applied.getDigest().equals(wanted)) {
        throw new StatusException(
            StatusException.UNKNOWN,
            "layer "
                + layer.digest()
                + ": wrong diff id "
                + applied.getDigest()
                + ", not "
                + wanted);
      }
      session
          .channel()
          .unary(
              Api.Snapshots.COMMIT,
              CommitSnapshotRequest.newBuilder()
                  .setSnapshotter(session.snapshotter())
                  .setKey(key)
                  .setName(name)
                  .build(),
              leased.metadata());
      done = true;
    } finally {
      if (!done) {
        remove(key);
      }
    }
  }

  /** From now on the image's configuration holds its snapshots. */
  private void hold(RunnableImage image, String top) {
    if (!top.isEmpty()) {
      ContentCommands.label(
          session,
          image.configDigest().toString(),
          Map.of("containerd.io/gc.ref.snapshot." + session.snapshotter(), top));
    }
  }

  /** Prints snapshots below their parents. */
  int tree() {
    Map<String, List<Info>> byParent = new TreeMap<>();
    for (Info snapshot : new SnapshotCommands(session).snapshots(List.of())) {
      byParent.computeIfAbsent(snapshot.getParent(), parent -> new ArrayList<>()).add(snapshot);
    }
    print(byParent, "", "", 0);
    return 0;
  }

  private void print(Map<String, List<Info>> byParent, String parent, String indent, int depth) {
    List<Info> children = byParent.getOrDefault(parent, List.of());
    for (int i = 0; i < children.size(); i++) {
      boolean last = i == children.size() - 1;
      String name = children.get(i).getName();
      String branch = depth == 0 ? "" : last ? "└── " : "├── ";
      session.out().println(Text.printable(indent + branch + name));
      print(byParent, name, depth == 0 ? "" : indent + (last ? "    " : "│   "), depth + 1);
    }
  }
}
