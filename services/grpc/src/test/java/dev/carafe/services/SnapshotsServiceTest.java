package dev.carafe.services;

import static dev.carafe.services.Wire.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.FieldMask;
import dev.carafe.api.services.snapshots.v1.CleanupRequest;
import dev.carafe.api.services.snapshots.v1.CommitSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.Info;
import dev.carafe.api.services.snapshots.v1.Kind;
import dev.carafe.api.services.snapshots.v1.ListSnapshotsRequest;
import dev.carafe.api.services.snapshots.v1.MountsRequest;
import dev.carafe.api.services.snapshots.v1.PrepareSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.RemoveSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.SnapshotsGrpc;
import dev.carafe.api.services.snapshots.v1.SnapshotsGrpc.SnapshotsBlockingStub;
import dev.carafe.api.services.snapshots.v1.StatSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.UpdateSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.UsageRequest;
import dev.carafe.api.services.snapshots.v1.ViewSnapshotRequest;
import dev.carafe.engine.stores.Lease;
import dev.carafe.spi.events.Event;
import io.grpc.Status.Code;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SnapshotsServiceTest extends ServiceTest {
  private SnapshotsBlockingStub snapshots;

  @Override
  void connect() {
    snapshots = SnapshotsGrpc.newBlockingStub(wire.channel());
  }

  private static PrepareSnapshotRequest preparation(
      String key, String parent, Map<String, String> labels) {
    return PrepareSnapshotRequest.newBuilder()
        .setSnapshotter("memory")
        .setKey(key)
        .setParent(parent)
        .putAllLabels(labels)
        .build();
  }

  private int prepare(String key, String parent) {
    return snapshots.prepare(preparation(key, parent, Map.of())).getMountsCount();
  }

  private int view(String key, String parent) {
    return snapshots
        .view(
            ViewSnapshotRequest.newBuilder()
                .setSnapshotter("memory")
                .setKey(key)
                .setParent(parent)
                .build())
        .getMountsCount();
  }

  private void commit(String key, String name, String parent) {
    snapshots.commit(
        CommitSnapshotRequest.newBuilder()
            .setSnapshotter("memory")
            .setKey(key)
            .setName(name)
            .setParent(parent)
            .putLabels("made", "by commit")
            .build());
  }

  private Info stat(String key) {
    return snapshots
        .stat(StatSnapshotRequest.newBuilder().setSnapshotter("memory").setKey(key).build())
        .getInfo();
  }

  private void remove(String key) {
    snapshots.remove(
        RemoveSnapshotRequest.newBuilder().setSnapshotter("memory").setKey(key).build());
  }

  @Test
  void lifeOfALayer() {
    assertEquals(1, prepare("active", ""));
    assertEquals(1, mounts("active"));
    commit("active", "base", "");
    refused(Code.NOT_FOUND, "snapshot \"active\": not found", () -> stat("active"));
    Info base = stat("base");
    assertEquals(Kind.COMMITTED, base.getKind());
    assertEquals(Map.of("made", "by commit"), base.getLabelsMap());
    assertEquals(1, view("view", "base"));
    assertEquals("base", stat("view").getParent());
    refused(Code.FAILED_PRECONDITION, () -> remove("base"));
    remove("view");
    remove("base");
    assertEquals(
        List.of(
            new Event.SnapshotPrepared("active", "", "memory"),
            new Event.SnapshotCommitted("active", "base", "memory"),
            new Event.SnapshotRemoved("view", "memory"),
            new Event.SnapshotRemoved("base", "memory")),
        wire.published());
  }

  private int mounts(String key) {
    return snapshots
        .mounts(MountsRequest.newBuilder().setSnapshotter("memory").setKey(key).build())
        .getMountsCount();
  }

  @Test
  void snapshotsAreRefusedAsContainerdRefusesThem() {
    prepare("active", "");
    refused(
        Code.ALREADY_EXISTS, "snapshot \"active\": already exists", () -> prepare("active", ""));
    refused(Code.INVALID_ARGUMENT, () -> prepare("child", "active"));
    refused(Code.INVALID_ARGUMENT, () -> view("child", "active"));
    refused(Code.NOT_FOUND, () -> prepare("child", "absent"));
    refused(Code.NOT_FOUND, () -> commit("absent", "name", ""));
    view("view", "");
    refused(Code.FAILED_PRECONDITION, () -> commit("view", "name", ""));
    commit("active", "base", "");
    prepare("active", "");
    refused(Code.ALREADY_EXISTS, () -> commit("active", "base", ""));
    assertEquals(Kind.ACTIVE, stat("active").getKind());
    refused(Code.FAILED_PRECONDITION, () -> mounts("base"));
    refused(
        Code.INVALID_ARGUMENT,
        "snapshotter not loaded: nosuch",
        () ->
            snapshots.stat(
                StatSnapshotRequest.newBuilder().setSnapshotter("nosuch").setKey("x").build()));
    refused(
        Code.INVALID_ARGUMENT,
        () -> snapshots.stat(StatSnapshotRequest.newBuilder().setKey("x").build()));
  }

  @Test
  void leaseHoldsWhatIsMadeFoundAndCommitted() {
    wire.stores().leases().create("l", Map.of());
    SnapshotsBlockingStub leased = SnapshotsGrpc.newBlockingStub(wire.under("l"));
    prepare("there", "");
    refused(Code.ALREADY_EXISTS, () -> leased.prepare(preparation("there", "", Map.of())));
    leased.prepare(preparation("made", "", Map.of()));
    leased.commit(
        CommitSnapshotRequest.newBuilder()
            .setSnapshotter("memory")
            .setKey("made")
            .setName("done")
            .build());
    assertEquals(
        List.of(
            new Lease.Resource("snapshots/memory", "done"),
            new Lease.Resource("snapshots/memory", "there")),
        wire.stores().leases().resources("l"));
    prepare("loose", "");
    wire.published();
    wire.collect();
    assertEquals(List.of(new Event.SnapshotRemoved("loose", "memory")), wire.published());
  }

  @Test
  void targetThatIsThereNeedsNoPreparation() {
    prepare("active", "");
    commit("active", "layer", "");
    refused(
        Code.ALREADY_EXISTS,
        () ->
            snapshots.prepare(
                preparation("fetching", "", Map.of("containerd.io/snapshot.ref", "layer"))));
    refused(Code.NOT_FOUND, () -> stat("fetching"));
  }

  @Test
  void parentMayComeAtCommit() {
    prepare("active", "");
    commit("active", "base", "");
    prepare("floating", "");
    commit("floating", "top", "base");
    assertEquals("base", stat("top").getParent());
    prepare("tied", "base");
    refused(Code.FAILED_PRECONDITION, () -> commit("tied", "other", "top"));
  }

  @Test
  void labelsFollowTheMask() {
    snapshots.prepare(preparation("active", "", Map.of("a", "1", "empty", "")));
    assertEquals(Map.of("a", "1", "b.c/d", "2"), update(Map.of("b.c/d", "2"), "labels.b.c/d"));
    assertEquals(Map.of("b.c/d", "2"), update(Map.of("a", ""), "labels.a"));
    assertEquals(Map.of("z", "26"), update(Map.of("z", "26")));
    refused(
        Code.INVALID_ARGUMENT,
        "cannot update \"parent\" field on snapshot \"active\"",
        () -> update(Map.of(), "parent"));
  }

  private Map<String, String> update(Map<String, String> labels, String... mask) {
    return snapshots
        .update(
            UpdateSnapshotRequest.newBuilder()
                .setSnapshotter("memory")
                .setInfo(Info.newBuilder().setName("active").putAllLabels(labels))
                .setUpdateMask(FieldMask.newBuilder().addAllPaths(List.of(mask)))
                .build())
        .getInfo()
        .getLabelsMap();
  }

  @Test
  void listIsFiltered() {
    prepare("active", "");
    commit("active", "base", "");
    prepare("child", "base");
    view("view", "base");
    assertEquals(List.of("base"), list("kind==committed"));
    assertEquals(List.of("child"), list("kind==active"));
    assertEquals(List.of("view"), list("kind==view"));
    assertEquals(List.of("child", "view"), list("parent==base"));
    assertEquals(List.of("base"), list("labels.made==\"by commit\""));
    refused(Code.INVALID_ARGUMENT, () -> list("kind="));
  }

  private List<String> list(String filter) {
    TreeSet<String> names = new TreeSet<>();
    snapshots
        .list(ListSnapshotsRequest.newBuilder().setSnapshotter("memory").addFilters(filter).build())
        .forEachRemaining(part -> part.getInfoList().forEach(info -> names.add(info.getName())));
    return List.copyOf(names);
  }

  @Test
  void usageAndCleanup() {
    prepare("active", "");
    assertTrue(
        snapshots
                .usage(UsageRequest.newBuilder().setSnapshotter("memory").setKey("active").build())
                .getInodes()
            >= 0);
    refused(
        Code.NOT_FOUND,
        () ->
            snapshots.usage(
                UsageRequest.newBuilder().setSnapshotter("memory").setKey("absent").build()));
    snapshots.cleanup(CleanupRequest.newBuilder().setSnapshotter("memory").build());
  }
}
