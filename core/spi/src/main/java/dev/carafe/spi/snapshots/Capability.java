package dev.carafe.spi.snapshots;

/**
 * What a snapshotter can do beyond the contract. Read by the daemon at run time and by the
 * conformance suite.
 */
public enum Capability {
  /**
   * Takes its parent at commit; layers can then be unpacked in parallel. Shown as {@code rebase}.
   */
  REBASE,
  /**
   * Deletions below a missing parent are written as overlayfs does: character device 0:0, {@code
   * trusted.overlay.opaque=y}.
   */
  OVERLAY_WHITEOUTS,
  /**
   * May have a layer's snapshot without anybody unpacking it: it is asked by {@link
   * Snapshotter#prepare} with the label {@code containerd.io/snapshot.ref}, and if it has it, it
   * makes a committed snapshot with that label on that parent and answers that it exists.
   */
  REMOTE,
  /**
   * Shows ids mapped: a snapshot or view with the labels {@code containerd.io/snapshot/uidmapping}
   * and {@code gidmapping}, each {@code INSIDE:OUTSIDE:SIZE[,...]}, is for a container whose user
   * namespace has that mapping. Shown as {@code remap-ids}.
   */
  REMAP_IDS,
  /** Frees space later: {@link Snapshotter#cleanup} does work. */
  CLEANUP,
  /** Snapshots survive a restart. Declined only by snapshotters for tests. */
  SURVIVES_RESTART
}
