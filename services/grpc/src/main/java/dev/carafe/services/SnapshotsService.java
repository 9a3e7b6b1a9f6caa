package dev.carafe.services;

import com.google.protobuf.Empty;
import dev.carafe.api.services.snapshots.v1.CleanupRequest;
import dev.carafe.api.services.snapshots.v1.CommitSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.Info;
import dev.carafe.api.services.snapshots.v1.Kind;
import dev.carafe.api.services.snapshots.v1.ListSnapshotsRequest;
import dev.carafe.api.services.snapshots.v1.ListSnapshotsResponse;
import dev.carafe.api.services.snapshots.v1.MountsRequest;
import dev.carafe.api.services.snapshots.v1.MountsResponse;
import dev.carafe.api.services.snapshots.v1.PrepareSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.PrepareSnapshotResponse;
import dev.carafe.api.services.snapshots.v1.RemoveSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.SnapshotsGrpc;
import dev.carafe.api.services.snapshots.v1.StatSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.StatSnapshotResponse;
import dev.carafe.api.services.snapshots.v1.UpdateSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.UpdateSnapshotResponse;
import dev.carafe.api.services.snapshots.v1.UsageRequest;
import dev.carafe.api.services.snapshots.v1.UsageResponse;
import dev.carafe.api.services.snapshots.v1.ViewSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.ViewSnapshotResponse;
import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Stores;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.spi.snapshots.Usage;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Snapshots of any snapshotter. */
final class SnapshotsService extends SnapshotsGrpc.SnapshotsImplBase {
  private static final int BATCH = 100;

  private final Metadata metadata;
  private final Map<String, String> aliases;

  /**
   * @param aliases snapshotters by the further names that clients may use
   */
  SnapshotsService(Metadata metadata, Map<String, String> aliases) {
    this.metadata = metadata;
    this.aliases = aliases;
  }

  @Override
  public void prepare(
      PrepareSnapshotRequest request, StreamObserver<PrepareSnapshotResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Snapshotter snapshotter = snapshotter(request.getSnapshotter());
          return PrepareSnapshotResponse.newBuilder()
              .addAllMounts(
                  onParent(() ->
                      snapshotter.prepare(
                          new SnapshotKey(request.getKey()),
                          keyOrNull(request.getParent()),
                          Labels.checked(request.getLabelsMap()))))
              .build();
        });
  }

  @Override
  public void view(ViewSnapshotRequest request, StreamObserver<ViewSnapshotResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Snapshotter snapshotter = snapshotter(request.getSnapshotter());
          return ViewSnapshotResponse.newBuilder()
              .addAllMounts(
                  onParent(() ->
                      snapshotter.view(
                          new SnapshotKey(request.getKey()),
                          keyOrNull(request.getParent()),
                          Labels.checked(request.getLabelsMap()))))
              .build();
        });
  }

  /** A parent that is not committed is a wrong argument to containerd's clients. */
  private static List<dev.carafe.api.types.Mount> onParent(Supplier<List<Mount>> making) {
    try {
      return Protos.mounts(making.get());
    } catch (FailedPreconditionException e) {
      throw new InvalidArgumentException(e.getMessage(), e);
    }
  }

  @Override
  public void mounts(MountsRequest request, StreamObserver<MountsResponse> observer) {
    Calls.unary(
        observer,
        () ->
            MountsResponse.newBuilder()
                .addAllMounts(
                    Protos.mounts(
                        snapshotter(request.getSnapshotter())
                            .mounts(new SnapshotKey(request.getKey()))))
                .build());
  }

  @Override
  public void commit(CommitSnapshotRequest request, StreamObserver<Empty> observer) {
    Calls.unary(
        observer,
        () -> {
          snapshotter(request.getSnapshotter())
              .commit(
                  new CommitRequest(
                      new SnapshotKey(request.getKey()),
                      new SnapshotKey(request.getName()),
                      keyOrNull(request.getParent()),
                      Labels.checked(request.getLabelsMap())));
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void remove(RemoveSnapshotRequest request, StreamObserver<Empty> observer) {
    Calls.unary(
        observer,
        () -> {
          snapshotter(request.getSnapshotter()).remove(new SnapshotKey(request.getKey()));
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void stat(StatSnapshotRequest request, StreamObserver<StatSnapshotResponse> observer) {
    Calls.unary(
        observer,
        () ->
            StatSnapshotResponse.newBuilder()
                .setInfo(
                    proto(
                        snapshotter(request.getSnapshotter())
                            .stat(new SnapshotKey(request.getKey()))))
                .build());
  }

  @Override
  public void update(
      UpdateSnapshotRequest request, StreamObserver<UpdateSnapshotResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Snapshot updated =
              snapshotter(request.getSnapshotter())
                  .updateLabels(
                      new SnapshotKey(request.getInfo().getName()),
                      old ->
                          FieldMasks.labels(
                              "snapshot \"" + request.getInfo().getName() + "\"",
                              request.getUpdateMask().getPathsList(),
                              old,
                              request.getInfo().getLabelsMap()));
          return UpdateSnapshotResponse.newBuilder().setInfo(proto(updated)).build();
        });
  }

  @Override
  public void list(ListSnapshotsRequest request, StreamObserver<ListSnapshotsResponse> observer) {
    Calls.stream(
        observer,
        sink -> {
          Predicate<Filters.Fields> filter = Filters.parse(request.getFiltersList());
          List<Info> matching = new ArrayList<>();
          snapshotter(request.getSnapshotter())
              .forEach(snapshot -> {
                if (filter.test(fields(snapshot))) {
                  matching.add(proto(snapshot));
                }
              });
          for (int from = 0; from < matching.size(); from += BATCH) {
            int to = Math.min(from + BATCH, matching.size());
            sink.send(
                ListSnapshotsResponse.newBuilder().addAllInfo(matching.subList(from, to)).build());
          }
        });
  }

  private static Filters.Fields fields(Snapshot snapshot) {
    return Filters.withLabels(
        snapshot.labels(),
        path ->
            switch (String.join(".", path)) {
              case "kind" -> kind(snapshot).name().toLowerCase(java.util.Locale.ROOT);
              case "name" -> snapshot.key().value();
              case "parent" -> snapshot.parent() == null ? "" : snapshot.parent().value();
              default -> null;
            });
  }

  @Override
  public void usage(UsageRequest request, StreamObserver<UsageResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Usage usage =
              snapshotter(request.getSnapshotter()).usage(new SnapshotKey(request.getKey()));
          return UsageResponse.newBuilder()
              .setSize(usage.bytes())
              .setInodes(usage.inodes())
              .build();
        });
  }

  @Override
  public void cleanup(CleanupRequest request, StreamObserver<Empty> observer) {
    Calls.unary(
        observer,
        () -> {
          snapshotter(request.getSnapshotter()).cleanup();
          return Empty.getDefaultInstance();
        });
  }

  private Snapshotter snapshotter(String name) {
    if (name.isEmpty()) {
      throw new InvalidArgumentException("snapshotter argument missing: invalid argument");
    }
    Stores stores = Calls.stores(metadata);
    try {
      return stores.snapshotter(aliases.getOrDefault(name, name));
    } catch (NotFoundException e) {
      throw new InvalidArgumentException("snapshotter not loaded: " + name, e);
    }
  }

  private static @Nullable SnapshotKey keyOrNull(String key) {
    return key.isEmpty() ? null : new SnapshotKey(key);
  }

  private static Kind kind(Snapshot snapshot) {
    return switch (snapshot) {
      case Snapshot.Active ignored -> Kind.ACTIVE;
      case Snapshot.View ignored -> Kind.VIEW;
      case Snapshot.Committed ignored -> Kind.COMMITTED;
    };
  }

  private static Info proto(Snapshot snapshot) {
    return Info.newBuilder()
        .setName(snapshot.key().value())
        .setParent(snapshot.parent() == null ? "" : snapshot.parent().value())
        .setKind(kind(snapshot))
        .setCreatedAt(Protos.timestamp(snapshot.createdAt()))
        .setUpdatedAt(Protos.timestamp(snapshot.updatedAt()))
        .putAllLabels(snapshot.labels())
        .build();
  }
}
