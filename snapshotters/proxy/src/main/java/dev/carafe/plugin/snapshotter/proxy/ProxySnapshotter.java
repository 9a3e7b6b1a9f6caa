package dev.carafe.plugin.snapshotter.proxy;

import com.google.protobuf.FieldMask;
import dev.carafe.api.services.snapshots.v1.CleanupRequest;
import dev.carafe.api.services.snapshots.v1.CommitSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.Info;
import dev.carafe.api.services.snapshots.v1.ListSnapshotsRequest;
import dev.carafe.api.services.snapshots.v1.ListSnapshotsResponse;
import dev.carafe.api.services.snapshots.v1.MountsRequest;
import dev.carafe.api.services.snapshots.v1.PrepareSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.RemoveSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.SnapshotsGrpc;
import dev.carafe.api.services.snapshots.v1.StatSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.UpdateSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.UsageRequest;
import dev.carafe.api.services.snapshots.v1.UsageResponse;
import dev.carafe.api.services.snapshots.v1.ViewSnapshotRequest;
import dev.carafe.plugin.proxy.support.Answers;
import dev.carafe.plugin.proxy.support.KeyedLocks;
import dev.carafe.plugin.proxy.support.Patience;
import dev.carafe.plugin.proxy.support.Peer;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.snapshots.Capability;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.spi.snapshots.Usage;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A snapshotter whose work another process does. Holds nothing but the connection: what the other
 * process forgets is forgotten.
 *
 * <p>{@code rebase} among the configured capabilities stands for {@link Capability#REBASE} and
 * {@link Capability#OVERLAY_WHITEOUTS}. Cleaning up is always asked for; a process that knows no
 * such call has nothing to clean up. Layers are always offered ({@link Capability#REMOTE}): a
 * process that gets them from nowhere makes an ordinary snapshot, which goes.
 */
final class ProxySnapshotter implements Snapshotter, AutoCloseable {
  /** More than this is not listed, but refused. */
  private static final int MOST_LISTED = 1_000_000;

  private final Peer peer;
  private final Answers answers;
  private final Snapshots snapshots;
  private final Set<Capability> capabilities;
  private final KeyedLocks updates = new KeyedLocks();

  ProxySnapshotter(Peer peer, Set<String> configured) {
    this.peer = peer;
    this.answers = new Answers(peer);
    this.snapshots = new Snapshots(peer, answers);
    EnumSet<Capability> all =
        EnumSet.of(Capability.CLEANUP, Capability.SURVIVES_RESTART, Capability.REMOTE);
    if (configured.contains("rebase")) {
      all.add(Capability.REBASE);
      all.add(Capability.OVERLAY_WHITEOUTS);
    }
    if (configured.contains("remap-ids")) {
      all.add(Capability.REMAP_IDS);
    }
    this.capabilities = Set.copyOf(all);
  }

  @Override
  public Set<Capability> capabilities() {
    return capabilities;
  }

  @Override
  public Snapshot stat(SnapshotKey key) {
    StatSnapshotRequest request =
        StatSnapshotRequest.newBuilder()
            .setSnapshotter(peer.remoteName())
            .setKey(key.value())
            .build();
    return snapshots.of(
        key, peer.call(SnapshotsGrpc.getStatMethod(), request, Patience.CALL).getInfo());
  }

  /** Atomic among the callers of this proxy: the protocol has no way to say what was expected. */
  @Override
  public Snapshot updateLabels(SnapshotKey key, UnaryOperator<Map<String, String>> change) {
    return updates.exclusively(
        key,
        () -> {
          Map<String, String> labels = change.apply(stat(key).labels());
          UpdateSnapshotRequest request =
              UpdateSnapshotRequest.newBuilder()
                  .setSnapshotter(peer.remoteName())
                  .setInfo(Info.newBuilder().setName(key.value()).putAllLabels(labels))
                  .setUpdateMask(FieldMask.newBuilder().addPaths("labels"))
                  .build();
          return snapshots.of(
              key, peer.call(SnapshotsGrpc.getUpdateMethod(), request, Patience.CALL).getInfo());
        });
  }

  @Override
  public Usage usage(SnapshotKey key) {
    UsageRequest request =
        UsageRequest.newBuilder().setSnapshotter(peer.remoteName()).setKey(key.value()).build();
    UsageResponse usage = peer.call(SnapshotsGrpc.getUsageMethod(), request, Patience.WORK);
    return new Usage(
        answers.count("a size of", usage.getSize()), answers.count("inodes", usage.getInodes()));
  }

  @Override
  public List<Mount> mounts(SnapshotKey key) {
    MountsRequest request =
        MountsRequest.newBuilder().setSnapshotter(peer.remoteName()).setKey(key.value()).build();
    return answers.mounts(
        peer.call(SnapshotsGrpc.getMountsMethod(), request, Patience.CALL).getMountsList());
  }

  @Override
  public List<Mount> prepare(
      SnapshotKey key, @Nullable SnapshotKey parent, Map<String, String> labels) {
    PrepareSnapshotRequest request =
        PrepareSnapshotRequest.newBuilder()
            .setSnapshotter(peer.remoteName())
            .setKey(key.value())
            .setParent(Snapshots.text(parent))
            .putAllLabels(labels)
            .build();
    return made(
        parent,
        () -> peer.call(SnapshotsGrpc.getPrepareMethod(), request, Patience.WORK).getMountsList());
  }

  @Override
  public List<Mount> view(
      SnapshotKey key, @Nullable SnapshotKey parent, Map<String, String> labels) {
    ViewSnapshotRequest request =
        ViewSnapshotRequest.newBuilder()
            .setSnapshotter(peer.remoteName())
            .setKey(key.value())
            .setParent(Snapshots.text(parent))
            .putAllLabels(labels)
            .build();
    return made(
        parent,
        () -> peer.call(SnapshotsGrpc.getViewMethod(), request, Patience.WORK).getMountsList());
  }

  /** On the wire a parent that is not committed is an invalid argument like any other. */
  private List<Mount> made(
      @Nullable SnapshotKey parent, Supplier<List<dev.carafe.api.types.Mount>> call) {
    try {
      return answers.mounts(call.get());
    } catch (InvalidArgumentException e) {
      if (parent != null && !(stat(parent) instanceof Snapshot.Committed)) {
        throw new FailedPreconditionException("snapshot \"" + parent + "\": not committed", e);
      }
      throw e;
    }
  }

  @Override
  public void commit(CommitRequest request) {
    if (request.parent() != null && !capabilities.contains(Capability.REBASE)) {
      // A process that does not know the field would leave the parent out.
      throw new UnimplementedException(
          "snapshot \""
              + request.key()
              + "\": a parent at commit needs the capability rebase, which "
              + peer
              + " is not configured to have");
    }
    CommitSnapshotRequest message =
        CommitSnapshotRequest.newBuilder()
            .setSnapshotter(peer.remoteName())
            .setName(request.name().value())
            .setKey(request.key().value())
            .setParent(Snapshots.text(request.parent()))
            .putAllLabels(request.labels())
            .build();
    peer.call(SnapshotsGrpc.getCommitMethod(), message, Patience.WORK);
  }

  @Override
  public void remove(SnapshotKey key) {
    RemoveSnapshotRequest request =
        RemoveSnapshotRequest.newBuilder()
            .setSnapshotter(peer.remoteName())
            .setKey(key.value())
            .build();
    peer.call(SnapshotsGrpc.getRemoveMethod(), request, Patience.LONG);
  }

  @Override
  public void forEach(Consumer<Snapshot> visitor) {
    ListSnapshotsRequest request =
        ListSnapshotsRequest.newBuilder().setSnapshotter(peer.remoteName()).build();
    List<Snapshot> listed = new ArrayList<>();
    try (var stream = peer.stream(SnapshotsGrpc.getListMethod(), request, Patience.LONG)) {
      ListSnapshotsResponse next = stream.next(Patience.LONG);
      while (next != null) {
        if (listed.size() + next.getInfoCount() > MOST_LISTED) {
          throw new ResourceExhaustedException(
              peer + ": lists more than " + MOST_LISTED + " snapshots");
        }
        next.getInfoList().forEach(info -> listed.add(snapshots.of(info)));
        next = stream.next(Patience.LONG);
      }
    }
    listed.forEach(visitor);
  }

  @Override
  public void cleanup() {
    CleanupRequest request = CleanupRequest.newBuilder().setSnapshotter(peer.remoteName()).build();
    try {
      peer.call(SnapshotsGrpc.getCleanupMethod(), request, Patience.BACKGROUND);
    } catch (UnimplementedException e) {
      // It frees space at once.
    }
  }

  @Override
  public void close() {
    peer.close();
  }
}
