package dev.carafe.integration;

import com.google.protobuf.FieldMask;
import dev.carafe.api.services.diff.v1.ApplyRequest;
import dev.carafe.api.services.diff.v1.DiffGrpc;
import dev.carafe.api.services.diff.v1.DiffRequest;
import dev.carafe.api.services.leases.v1.CreateRequest;
import dev.carafe.api.services.leases.v1.LeasesGrpc;
import dev.carafe.api.services.leases.v1.ListResourcesRequest;
import dev.carafe.api.services.snapshots.v1.CleanupRequest;
import dev.carafe.api.services.snapshots.v1.CommitSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.Info;
import dev.carafe.api.services.snapshots.v1.ListSnapshotsRequest;
import dev.carafe.api.services.snapshots.v1.MountsRequest;
import dev.carafe.api.services.snapshots.v1.PrepareSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.RemoveSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.SnapshotsGrpc;
import dev.carafe.api.services.snapshots.v1.StatSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.UpdateSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.UsageRequest;
import dev.carafe.api.services.snapshots.v1.ViewSnapshotRequest;
import dev.carafe.api.types.Descriptor;
import dev.carafe.api.types.Mount;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Snapshots of the native snapshotter, and differences. */
final class WireSnapshots {
  private static final String NAMESPACE = "snapshots";
  private static final String ABSENT = "sha256:" + "c3".repeat(32);

  private final WireScript script;
  private final SnapshotsGrpc.SnapshotsBlockingStub snapshots;

  WireSnapshots(WireScript script) {
    this.script = script;
    snapshots = SnapshotsGrpc.newBlockingStub(script.lease(NAMESPACE, "keep"));
  }

  void run() throws Exception {
    LeasesGrpc.newBlockingStub(script.namespace(NAMESPACE))
        .create(CreateRequest.newBuilder().setId("keep").build());
    absent();
    making();
    committing();
    labels();
    removing();
    diffs();
  }

  private void absent() throws Exception {
    script.call(
        "snapshot: no snapshotter",
        () -> snapshots.stat(StatSnapshotRequest.newBuilder().setKey("k").build()));
    script.call(
        "snapshot: unknown snapshotter",
        () ->
            snapshots.stat(
                StatSnapshotRequest.newBuilder().setSnapshotter("nosuch").setKey("k").build()));
    script.call("snapshot: stat absent", () -> stat("absent"));
    script.call("snapshot: stat unnamed", () -> stat(""));
    script.call("snapshot: mounts of absent", () -> mounts("absent"));
    script.call("snapshot: mounts of unnamed", () -> mounts(""));
    script.call("snapshot: usage of absent", () -> usage("absent"));
    script.call("snapshot: remove absent", () -> remove("absent"));
    script.call("snapshot: remove unnamed", () -> remove(""));
    script.call("snapshot: update absent", () -> update("absent", Map.of(), "labels.a"));
    script.call("snapshot: commit absent", () -> commit("absent", "name", Map.of()));
    script.call("snapshot: list by bad filter", () -> list("name=="));
  }

  private void making() throws Exception {
    script.call("snapshot: prepare unnamed", () -> prepare("", "", Map.of()));
    script.call("snapshot: prepare", () -> prepare("active", "", Map.of("a", "1", "e", "")));
    script.call("snapshot: prepare twice", () -> prepare("active", "", Map.of()));
    script.call("snapshot: prepare on absent", () -> prepare("other", "absent", Map.of()));
    script.call("snapshot: prepare on active", () -> prepare("other", "active", Map.of()));
    script.call("snapshot: view", () -> view("view", ""));
    script.call("snapshot: view twice", () -> view("view", ""));
    script.call("snapshot: view on absent", () -> view("other", "absent"));
    script.call("snapshot: view of active", () -> view("other", "active"));
    script.call("snapshot: stat", () -> stat("active"));
    script.call("snapshot: mounts", () -> mounts("active"));
    script.call("snapshot: mounts of view", () -> mounts("view"));
    script.call("snapshot: commit view", () -> commit("view", "name", Map.of()));
    script.call(
        "snapshot: prepare twice under lease",
        () -> {
          LeasesGrpc.LeasesBlockingStub leases =
              LeasesGrpc.newBlockingStub(script.namespace(NAMESPACE));
          leases.create(CreateRequest.newBuilder().setId("holds").build());
          try {
            SnapshotsGrpc.newBlockingStub(script.lease(NAMESPACE, "holds"))
                .prepare(
                    PrepareSnapshotRequest.newBuilder()
                        .setSnapshotter("native")
                        .setKey("active")
                        .build());
          } catch (io.grpc.StatusRuntimeException e) {
            // It is there; what counts is the lease.
          }
          return leases
              .listResources(ListResourcesRequest.newBuilder().setId("holds").build())
              .getResourcesList()
              .stream()
              .map(resource -> resource.getType() + " " + resource.getId())
              .collect(Collectors.joining(","));
        });
  }

  private void committing() throws Exception {
    script.call("snapshot: commit without name", () -> commit("active", "", Map.of()));
    script.call("snapshot: commit", () -> commit("active", "base", Map.of("b", "2")));
    script.call("snapshot: stat committed", () -> stat("base"));
    script.call("snapshot: stat of key", () -> stat("active"));
    script.call("snapshot: mounts of committed", () -> mounts("base"));
    script.call("snapshot: commit committed", () -> commit("base", "more", Map.of()));
    script.call("snapshot: prepare child", () -> prepare("child", "base", Map.of()));
    script.call("snapshot: commit to taken name", () -> commit("child", "base", Map.of()));
    script.call("snapshot: child stays", () -> stat("child"));
    script.call("snapshot: commit child", () -> commit("child", "top", Map.of()));
    script.call("snapshot: prepare under committed name", () -> prepare("top", "base", Map.of()));
    script.call(
        "snapshot: reference that is there",
        () -> prepare("fetching", "base", Map.of("containerd.io/snapshot.ref", "top")));
    script.call(
        "snapshot: usage",
        () -> {
          usage("top");
          return "";
        });
  }

  private void labels() throws Exception {
    script.call("snapshot: update by bad mask", () -> update("top", Map.of(), "kind"));
    script.call("snapshot: update by mask", () -> update("top", Map.of("x", "1"), "labels.x"));
    script.call("snapshot: update labels", () -> update("top", Map.of("y", "2"), "labels"));
    script.call("snapshot: update all", () -> update("top", Map.of("z", "3", "e", "")));
    for (String filter :
        List.of(
            "kind==committed",
            "kind==Committed",
            "kind==view",
            "kind==active",
            "parent==base",
            "parent!=base",
            "name==top",
            "labels.z==3",
            "parent")) {
      script.call("snapshot: list " + filter, () -> list(filter));
    }
  }

  private void removing() throws Exception {
    script.call("snapshot: remove with children", () -> remove("base"));
    script.call("snapshot: remove top", () -> remove("top"));
    script.call("snapshot: remove base", () -> remove("base"));
    script.call("snapshot: remove view", () -> remove("view"));
    script.call(
        "snapshot: cleanup",
        () -> snapshots.cleanup(CleanupRequest.newBuilder().setSnapshotter("native").build()));
    script.call(
        "snapshot: cleanup unknown",
        () -> snapshots.cleanup(CleanupRequest.newBuilder().setSnapshotter("nosuch").build()));
  }

  private void diffs() throws Exception {
    DiffGrpc.DiffBlockingStub diff = DiffGrpc.newBlockingStub(script.namespace(NAMESPACE));
    String layer = "application/vnd.oci.image.layer.v1.tar";
    script.call(
        "diff: apply absent",
        () ->
            diff.apply(
                ApplyRequest.newBuilder()
                    .setDiff(
                        Descriptor.newBuilder().setMediaType(layer).setDigest(ABSENT).setSize(1))
                    .addMounts(bind())
                    .build()));
    script.call(
        "diff: apply odd type",
        () ->
            diff.apply(
                ApplyRequest.newBuilder()
                    .setDiff(
                        Descriptor.newBuilder().setMediaType("odd").setDigest(ABSENT).setSize(1))
                    .addMounts(bind())
                    .build()));
    script.call(
        "diff: odd type",
        () ->
            diff.diff(
                DiffRequest.newBuilder()
                    .setMediaType("odd")
                    .addLeft(bind())
                    .addRight(bind())
                    .build()));
  }

  private static Mount bind() {
    return Mount.newBuilder()
        .setType("bind")
        .setSource("/nowhere")
        .addOptions("rbind")
        .addOptions("ro")
        .build();
  }

  private String prepare(String key, String parent, Map<String, String> labels) {
    return shown(
        snapshots
            .prepare(
                PrepareSnapshotRequest.newBuilder()
                    .setSnapshotter("native")
                    .setKey(key)
                    .setParent(parent)
                    .putAllLabels(labels)
                    .build())
            .getMountsList());
  }

  private String view(String key, String parent) {
    return shown(
        snapshots
            .view(
                ViewSnapshotRequest.newBuilder()
                    .setSnapshotter("native")
                    .setKey(key)
                    .setParent(parent)
                    .build())
            .getMountsList());
  }

  private String mounts(String key) {
    return shown(
        snapshots
            .mounts(MountsRequest.newBuilder().setSnapshotter("native").setKey(key).build())
            .getMountsList());
  }

  private static String shown(List<Mount> mounts) {
    return mounts.stream()
        .map(mount -> mount.getType() + " " + new TreeSet<>(mount.getOptionsList()))
        .collect(Collectors.joining(";"));
  }

  private Object commit(String key, String name, Map<String, String> labels) {
    return snapshots.commit(
        CommitSnapshotRequest.newBuilder()
            .setSnapshotter("native")
            .setKey(key)
            .setName(name)
            .putAllLabels(labels)
            .build());
  }

  private String stat(String key) {
    return shown(
        snapshots
            .stat(StatSnapshotRequest.newBuilder().setSnapshotter("native").setKey(key).build())
            .getInfo());
  }

  private Object usage(String key) {
    return snapshots.usage(UsageRequest.newBuilder().setSnapshotter("native").setKey(key).build());
  }

  private Object remove(String key) {
    return snapshots.remove(
        RemoveSnapshotRequest.newBuilder().setSnapshotter("native").setKey(key).build());
  }

  private String update(String key, Map<String, String> labels, String... mask) {
    UpdateSnapshotRequest.Builder request =
        UpdateSnapshotRequest.newBuilder()
            .setSnapshotter("native")
            .setInfo(Info.newBuilder().setName(key).putAllLabels(labels));
    if (mask.length > 0) {
      request.setUpdateMask(FieldMask.newBuilder().addAllPaths(List.of(mask)));
    }
    return shown(snapshots.update(request.build()).getInfo());
  }

  private static String shown(Info info) {
    return info.getName()
        + " "
        + info.getKind()
        + " on "
        + info.getParent()
        + " "
        + new TreeMap<>(info.getLabelsMap());
  }

  private String list(String filter) {
    TreeSet<String> names = new TreeSet<>();
    snapshots
        .list(ListSnapshotsRequest.newBuilder().setSnapshotter("native").addFilters(filter).build())
        .forEachRemaining(part -> part.getInfoList().forEach(info -> names.add(info.getName())));
    return String.join(",", names);
  }
}
