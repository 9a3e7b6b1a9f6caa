package dev.carafe.plugin.snapshotter.support;

/** One step in the log. */
sealed interface Change {
  /** The snapshot's id. */
  long id();

  /** The snapshot of that id is now this, whatever it was before. */
  record Put(StoredSnapshot snapshot) implements Change {
    @Override
    public long id() {
      return snapshot.id();
    }
  }

  /** The snapshot of that id is gone. */
  record Remove(long id) implements Change {}
}
