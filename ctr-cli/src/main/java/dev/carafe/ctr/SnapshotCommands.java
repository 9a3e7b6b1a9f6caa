package dev.carafe.ctr;

import dev.carafe.api.services.snapshots.v1.CommitSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.Info;
import dev.carafe.api.services.snapshots.v1.ListSnapshotsRequest;
import dev.carafe.api.services.snapshots.v1.ListSnapshotsResponse;
import dev.carafe.api.services.snapshots.v1.MountsRequest;
import dev.carafe.api.services.snapshots.v1.PrepareSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.RemoveSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.StatSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.UsageRequest;
import dev.carafe.api.services.snapshots.v1.UsageResponse;
import dev.carafe.api.services.snapshots.v1.ViewSnapshotRequest;
import dev.carafe.api.types.Mount;
import dev.carafe.ctr.grpc.Call;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Snapshots. */
final class SnapshotCommands {
  private final Session session;
  private final Arguments arguments;

  SnapshotCommands(Session session) {
    this.session = session;
    this.arguments = session.arguments();
  }

  List<Info> snapshots(List<String> filters) {
    List<Info> snapshots = new ArrayList<>();
    ListSnapshotsRequest request =
        ListSnapshotsRequest.newBuilder()
            .setSnapshotter(session.snapshotter())
            .addAllFilters(filters)
            .build();
    try (Call<ListSnapshotsRequest, ListSnapshotsResponse> call =
        session.channel().stream(Api.Snapshots.LIST, request)) {
      for (ListSnapshotsResponse part = call.receive(); part != null; part = call.receive()) {
        snapshots.addAll(part.getInfoList());
      }
    }
    return snapshots;
  }

  int list() {
    List<Info> snapshots = snapshots(arguments.operands());
    Table table = new Table("KEY", "PARENT", "KIND");
    for (Info snapshot : snapshots) {
      table.row(
          json(snapshot), snapshot.getName(), snapshot.getParent(), snapshot.getKind().name());
    }
    table.print(session);
    return 0;
  }

  private static Map<String, Object> json(Info snapshot) {
    return Text.object(
        "key", snapshot.getName(),
        "parent", snapshot.getParent(),
        "kind", snapshot.getKind().name(),
        "labels", snapshot.getLabelsMap(),
        "created_at", Text.time(snapshot.getCreatedAt()),
        "updated_at", Text.time(snapshot.getUpdatedAt()));
  }

  int info() {
    Info info =
        session
            .channel()
            .unary(
                Api.Snapshots.STAT,
                StatSnapshotRequest.newBuilder()
                    .setSnapshotter(session.snapshotter())
                    .setKey(arguments.operand(0))
                    .build())
            .getInfo();
    session.out().println(Text.json(json(info)));
    return 0;
  }

  int usage() {
    List<String> keys =
        arguments.operands().isEmpty()
            ? snapshots(List.of()).stream().map(Info::getName).toList()
            : arguments.operands();
    Table table = new Table("KEY", "SIZE", "INODES");
    for (String key : keys) {
      UsageResponse usage =
          session
              .channel()
              .unary(
                  Api.Snapshots.USAGE,
                  UsageRequest.newBuilder()
                      .setSnapshotter(session.snapshotter())
                      .setKey(key)
                      .build());
      table.row(
          Text.object("key", key, "size", usage.getSize(), "inodes", usage.getInodes()),
          key,
          Text.size(usage.getSize()),
          Long.toString(usage.getInodes()));
    }
    table.print(session);
    return 0;
  }

  private String parent() {
    return arguments.operands().size() > 1 ? arguments.operand(1) : "";
  }

  int prepare() {
    session
        .channel()
        .unary(
            Api.Snapshots.PREPARE,
            PrepareSnapshotRequest.newBuilder()
                .setSnapshotter(session.snapshotter())
                .setKey(arguments.operand(0))
                .setParent(parent())
                .putLabels("containerd.io/gc.root", Instant.now().toString())
                .build());
    return 0;
  }

  int view() {
    session
        .channel()
        .unary(
            Api.Snapshots.VIEW,
            ViewSnapshotRequest.newBuilder()
                .setSnapshotter(session.snapshotter())
                .setKey(arguments.operand(0))
                .setParent(parent())
                .putLabels("containerd.io/gc.root", Instant.now().toString())
                .build());
    return 0;
  }

  int mounts() {
    String target = arguments.operand(0);
    List<Mount> mounts =
        session
            .channel()
            .unary(
                Api.Snapshots.MOUNTS,
                MountsRequest.newBuilder()
                    .setSnapshotter(session.snapshotter())
                    .setKey(arguments.operand(1))
                    .build())
            .getMountsList();
    for (Mount mount : mounts) {
      String options =
          mount.getOptionsCount() == 0 ? "" : " -o " + String.join(",", mount.getOptionsList());
      String line =
          "mount -t " + mount.getType() + " " + mount.getSource() + " " + target + options;
      session.out().println(Text.printable(line));
    }
    return 0;
  }

  int commit() {
    session
        .channel()
        .unary(
            Api.Snapshots.COMMIT,
            CommitSnapshotRequest.newBuilder()
                .setSnapshotter(session.snapshotter())
                .setName(arguments.operand(0))
                .setKey(arguments.operand(1))
                .putLabels("containerd.io/gc.root", Instant.now().toString())
                .build());
    return 0;
  }

  int remove() {
    for (String key : arguments.operands()) {
      session
          .channel()
          .unary(
              Api.Snapshots.REMOVE,
              RemoveSnapshotRequest.newBuilder()
                  .setSnapshotter(session.snapshotter())
                  .setKey(key)
                  .build());
    }
    return 0;
  }
}
