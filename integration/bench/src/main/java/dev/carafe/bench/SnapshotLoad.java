package dev.carafe.bench;

import dev.carafe.api.services.snapshots.v1.CommitSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.PrepareSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.RemoveSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.SnapshotsGrpc;
import io.grpc.Channel;
import java.util.Map;

/** Snapshots of overlayfs without anything in them. */
final class SnapshotLoad {
  private static final String OVERLAYFS = "overlayfs";
  private static final Map<String, String> KEPT = Map.of("containerd.io/gc.root", "load");

  private final Peer peer;
  private final int count;

  SnapshotLoad(Peer peer, int count) {
    this.peer = peer;
    this.count = count;
  }

  void run() throws Exception {
    Channel channel = peer.fresh("snapshots");
    var snapshots = SnapshotsGrpc.newBlockingStub(channel);
    peer.measure(
        "snapshot-prepare",
        () ->
            Peer.each(
                count,
                n ->
                    snapshots.prepare(
                        PrepareSnapshotRequest.newBuilder()
                            .setSnapshotter(OVERLAYFS)
                            .setKey("active-" + n)
                            .putAllLabels(KEPT)
                            .build())));
    peer.measure(
        "snapshot-commit",
        () ->
            Peer.each(
                count,
                n ->
                    snapshots.commit(
                        CommitSnapshotRequest.newBuilder()
                            .setSnapshotter(OVERLAYFS)
                            .setKey("active-" + n)
                            .setName("committed-" + n)
                            .putAllLabels(KEPT)
                            .build())));
    peer.measure(
        "snapshot-remove",
        () ->
            Peer.each(
                count,
                n ->
                    snapshots.remove(
                        RemoveSnapshotRequest.newBuilder()
                            .setSnapshotter(OVERLAYFS)
                            .setKey("committed-" + n)
                            .build())));
  }
}
