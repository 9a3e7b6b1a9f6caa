package dev.carafe.spi.snapshots;

import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.plugins.Deadline;
import dev.carafe.spi.plugins.Direct;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Keeps layered file system snapshots.
 *
 * <p>Model: an <em>active</em> snapshot is a writable directory on top of a <em>committed</em>
 * parent, or of nothing. Committing it gives it a new key (its <em>name</em>) and makes it
 * immutable, ready to be a parent. A <em>view</em> is read-only and never committed. Nobody but the
 * holder of the mounts writes into an active snapshot. Which mounts show a snapshot is the
 * snapshotter's business: it returns {@link Mount} records and performs none of them for its
 * callers.
 *
 * <p>The daemon guarantees: keys are unique over all namespaces (it prefixes them); labels arrive
 * only with the prefix {@code containerd.io/snapshot/} or as {@code containerd.io/snapshot.ref}.
 *
 * <p>You guarantee: a key that a call returned survives a crash; a crash in the middle leaves the
 * state of before or after; mounts of a key stay the same for its life and over restarts.
 */
public interface Snapshotter {
  /** Fixed for the life of the instance. */
  @Direct
  Set<Capability> capabilities();

  /**
   * One snapshot.
   *
   * @throws NotFoundException if {@code key} is unknown
   */
  Snapshot stat(SnapshotKey key);

  /**
   * Replaces the labels with what {@code change} makes of them, atomically.
   *
   * @throws NotFoundException if {@code key} is unknown
   */
  Snapshot updateLabels(SnapshotKey key, UnaryOperator<Map<String, String>> change);

  /**
   * What the snapshot takes, without parents. May walk the file system.
   *
   * @throws NotFoundException if {@code key} is unknown
   */
  @Deadline(120)
  Usage usage(SnapshotKey key);

  /**
   * The mounts of an active snapshot or a view; the same each time.
   *
   * @throws NotFoundException if {@code key} is unknown
   * @throws FailedPreconditionException if {@code key} is committed
   */
  List<Mount> mounts(SnapshotKey key);

  /**
   * Opens a writable snapshot on top of {@code parent}, or on an empty directory when it is null.
   *
   * @throws AlreadyExistsException if {@code key} is taken, whatever its kind
   * @throws NotFoundException if {@code parent} is unknown
   * @throws FailedPreconditionException if {@code parent} is not committed
   */
  @Deadline(120)
  List<Mount> prepare(SnapshotKey key, @Nullable SnapshotKey parent, Map<String, String> labels);

  /** As {@link #prepare}, but read-only. */
  @Deadline(120)
  List<Mount> view(SnapshotKey key, @Nullable SnapshotKey parent, Map<String, String> labels);

  /**
   * Makes an active snapshot immutable under a new name. The active key is gone in the same step.
   * The caller has forced the files to the medium; the snapshotter forces its own records.
   *
   * @throws NotFoundException if the active key, or the parent, is unknown
   * @throws AlreadyExistsException if the name is taken; the active snapshot remains
   * @throws FailedPreconditionException if the key is not active, or the parent not committed, or a
   *     parent is given for a snapshot that has one
   * @throws UnimplementedException if a parent is given and {@link Capability#REBASE} is declined
   */
  @Deadline(120)
  void commit(CommitRequest request);

  /**
   * Removes a snapshot. Its space may be freed later, by {@link #cleanup}.
   *
   * @throws NotFoundException if {@code key} is unknown
   * @throws FailedPreconditionException if it has children
   */
  @Deadline(60)
  void remove(SnapshotKey key);

  /** Visits every snapshot, in no order. Changes made meanwhile may or may not be seen. */
  @Deadline(60)
  void forEach(Consumer<Snapshot> visitor);

  /**
   * Frees the space of removed snapshots and of what a crash left behind. Off every request path.
   *
   * @throws UnimplementedException if {@link Capability#CLEANUP} is declined
   */
  @Deadline(3600)
  void cleanup();
}
