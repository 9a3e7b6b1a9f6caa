package dev.carafe.plugin.proxy.testing;

import com.google.protobuf.Empty;
import dev.carafe.api.services.snapshots.v1.CleanupRequest;
import dev.carafe.api.services.snapshots.v1.CommitSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.Info;
import dev.carafe.api.services.snapshots.v1.Kind;
import dev.carafe.api.services.snapshots.v1.ListSnapshotsRequest;
import dev.carafe.api.services.snapshots.v1.ListSnapshotsResponse;
import dev.carafe.api.services.snapshots.v1.PrepareSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.PrepareSnapshotResponse;
import dev.carafe.api.services.snapshots.v1.RemoveSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.SnapshotsGrpc;
import dev.carafe.api.services.snapshots.v1.StatSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.StatSnapshotResponse;
import dev.carafe.api.types.Mount;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A snapshotter's process that gets some layers by itself, as those do that pull lazily. Files it
 * has none.
 */
public final class LazySnapshots extends SnapshotsGrpc.SnapshotsImplBase {
  private static final String REF = "containerd.io/snapshot.ref";

  private final Set<String> elsewhere;
  private final Map<String, Info> snapshots = new TreeMap<>();
  private final List<PrepareSnapshotRequest> prepared = new ArrayList<>();

  /**
   * @param elsewhere chain ids of the layers that it gets by itself
   */
  public LazySnapshots(Set<String> elsewhere) {
    this.elsewhere = Set.copyOf(elsewhere);
  }

  /** All requests for writable snapshots so far. */
  public synchronized List<PrepareSnapshotRequest> prepared() {
    return List.copyOf(prepared);
  }

  /** What there is, by its key. */
  public synchronized Map<String, Info> snapshots() {
    return Map.copyOf(snapshots);
  }

  @Override
  public synchronized void prepare(
      PrepareSnapshotRequest request, StreamObserver<PrepareSnapshotResponse> observer) {
    prepared.add(request);
    String ref = request.getLabelsOrDefault(REF, "");
    if (elsewhere.contains(ref)) {
      String own = "own/" + ref;
      snapshots.put(own, info(own, request.getParent(), Kind.COMMITTED, request.getLabelsMap()));
      observer.onError(Status.ALREADY_EXISTS.withDescription(ref).asRuntimeException());
      return;
    }
    snapshots.put(
        request.getKey(),
        info(request.getKey(), request.getParent(), Kind.ACTIVE, request.getLabelsMap()));
    answer(
        observer,
        PrepareSnapshotResponse.newBuilder()
            .addMounts(Mount.newBuilder().setType("bind").setSource("/nowhere"))
            .build());
  }

  private static Info info(String key, String parent, Kind kind, Map<String, String> labels) {
    return Info.newBuilder()
        .setName(key)
        .setParent(parent)
        .setKind(kind)
        .putAllLabels(labels)
        .build();
  }

  @Override
  public synchronized void commit(CommitSnapshotRequest request, StreamObserver<Empty> observer) {
    Info active = snapshots.remove(request.getKey());
    if (active == null) {
      observer.onError(Status.NOT_FOUND.asRuntimeException());
      return;
    }
    snapshots.put(
        request.getName(),
        info(request.getName(), active.getParent(), Kind.COMMITTED, request.getLabelsMap()));
    answer(observer, Empty.getDefaultInstance());
  }

  @Override
  public synchronized void stat(
      StatSnapshotRequest request, StreamObserver<StatSnapshotResponse> observer) {
    Info found = snapshots.get(request.getKey());
    if (found == null) {
      observer.onError(Status.NOT_FOUND.asRuntimeException());
      return;
    }
    answer(observer, StatSnapshotResponse.newBuilder().setInfo(found).build());
  }

  @Override
  public synchronized void list(
      ListSnapshotsRequest request, StreamObserver<ListSnapshotsResponse> observer) {
    answer(observer, ListSnapshotsResponse.newBuilder().addAllInfo(snapshots.values()).build());
  }

  @Override
  public synchronized void remove(RemoveSnapshotRequest request, StreamObserver<Empty> observer) {
    snapshots.remove(request.getKey());
    answer(observer, Empty.getDefaultInstance());
  }

  @Override
  public void cleanup(CleanupRequest request, StreamObserver<Empty> observer) {
    answer(observer, Empty.getDefaultInstance());
  }

  private static <T> void answer(StreamObserver<T> observer, T answer) {
    observer.onNext(answer);
    observer.onCompleted();
  }
}
