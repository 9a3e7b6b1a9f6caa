package dev.carafe.ctr;

import dev.carafe.api.services.diff.v1.DiffRequest;
import dev.carafe.api.services.snapshots.v1.Info;
import dev.carafe.api.services.snapshots.v1.Kind;
import dev.carafe.api.services.snapshots.v1.MountsRequest;
import dev.carafe.api.services.snapshots.v1.RemoveSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.StatSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.ViewSnapshotRequest;
import dev.carafe.api.types.Descriptor;
import dev.carafe.api.types.Mount;
import java.util.ArrayList;
import java.util.List;

/** Makes layers of what one snapshot has and another has not. */
final class LayerDiff {
  static final String GZIP = "application/vnd.oci.image.layer.v1.tar+gzip";

  private final Session session;
  private final String snapshotter;
  private final Leased leased;
  private final String nonce = Long.toHexString(System.nanoTime());

  LayerDiff(Session session, String snapshotter, Leased leased) {
    this.session = session;
    this.snapshotter = snapshotter;
    this.leased = leased;
  }

  /** What a snapshot adds to its parent. */
  Descriptor added(String key, String mediaType) {
    return between(stat(key).getParent(), key, mediaType);
  }

  /**
   * What {@code newer} adds to {@code older}.
   *
   * @param older empty for nothing
   */
  Descriptor between(String older, String newer, String mediaType) {
    List<String> views = new ArrayList<>();
    try {
      DiffRequest.Builder request =
          DiffRequest.newBuilder().setMediaType(mediaType).addAllRight(mounts(newer, views));
      if (!older.isEmpty()) {
        request.addAllLeft(mounts(older, views));
      }
      return session.channel().unary(Api.Diff.DIFF, request.build(), leased.metadata()).getDiff();
    } finally {
      views.forEach(this::remove);
    }
  }

  private Info stat(String key) {
    return session
        .channel()
        .unary(
            Api.Snapshots.STAT,
            StatSnapshotRequest.newBuilder().setSnapshotter(snapshotter).setKey(key).build())
        .getInfo();
  }

  /** Mounts of a snapshot; one that is committed is looked at through a view. */
  private List<Mount> mounts(String key, List<String> views) {
    if (stat(key).getKind() != Kind.COMMITTED) {
      return session
          .channel()
          .unary(
              Api.Snapshots.MOUNTS,
              MountsRequest.newBuilder().setSnapshotter(snapshotter).setKey(key).build())
          .getMountsList();
    }
    String view = "diff-" + nonce + "-" + views.size();
    List<Mount> mounts =
        session
            .channel()
            .unary(
                Api.Snapshots.VIEW,
                ViewSnapshotRequest.newBuilder()
                    .setSnapshotter(snapshotter)
                    .setKey(view)
                    .setParent(key)
                    .build(),
                leased.metadata())
            .getMountsList();
    views.add(view);
    return mounts;
  }

  private void remove(String key) {
    session
        .channel()
        .unary(
            Api.Snapshots.REMOVE,
            RemoveSnapshotRequest.newBuilder().setSnapshotter(snapshotter).setKey(key).build());
  }
}
