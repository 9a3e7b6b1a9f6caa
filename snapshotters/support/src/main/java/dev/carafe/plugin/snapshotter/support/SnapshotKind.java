package dev.carafe.plugin.snapshotter.support;

/** The kinds of {@link dev.carafe.spi.snapshots.Snapshot}. */
public enum SnapshotKind {
  ACTIVE,
  VIEW,
  COMMITTED
}
