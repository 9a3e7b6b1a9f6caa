package dev.carafe.metadata.mapdb;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One revision of the whole database: immutable, and what a reader holds.
 *
 * @param overlay what is newer than the table
 * @param table the checkpoint, or null before the first one
 */
record State(Overlay overlay, @Nullable Table table, long revision) {

  /** What lies under a flat key: null for nothing. */
  @Nullable Entry get(byte[] flat) {
    Overlay.Node node = overlay.find(flat);
    if (node != null) {
      return node.entry() instanceof Entry.Gone ? null : node.entry();
    }
    return table == null ? null : table.get(flat);
  }

  /** The number under a key that holds one; 0 where there is nothing. */
  long number(byte[] flat) {
    return get(flat) instanceof Entry.Value value ? ByteBuffer.wrap(value.bytes()).getLong() : 0;
  }

  /** A walk over everything from {@code flat} on; stands before the first entry. */
  Walk from(byte[] flat) {
    return new Walk(overlay.from(flat), table == null ? null : table.from(flat));
  }

  /** Overlay and table as one, in the order of the keys. */
  static final class Walk {
    private final Overlay.Walk newer;
    private final Table.@Nullable Walk older;
    private byte @Nullable [] below;
    private Overlay.@Nullable Node node;
    private byte[] key = {};
    private boolean started;

    private Walk(Overlay.Walk newer, Table.@Nullable Walk older) {
      this.newer = newer;
      this.older = older;
    }

    /** Goes to the first or the next entry; false behind the last. */
    boolean next() {
      do {
        leave();
        Overlay.Node above = newer.current();
        byte[] under = below;
        if (above == null && under == null) {
          return false;
        }
        if (above != null && (under == null || Arrays.compareUnsigned(above.key(), under) <= 0)) {
          node = above;
          key = above.key();
        } else if (under != null) {
          node = null;
          key = under;
        }
      } while (node != null && node.entry() instanceof Entry.Gone);
      return true;
    }

    /** Steps over the current entry, in both maps where both have it. */
    private void leave() {
      if (!started) {
        started = true;
        below = older != null && older.valid() ? older.key() : null;
        return;
      }
      if (older != null && below != null && Arrays.equals(below, key)) {
        older.next();
        below = older.valid() ? older.key() : null;
      }
      if (node != null) {
        newer.next();
      }
    }

    byte[] key() {
      return key;
    }

    boolean isChild() {
      if (node != null) {
        return node.entry() instanceof Entry.Child;
      }
      return older != null && older.isChild();
    }

    Entry entry() {
      if (node != null) {
        return node.entry();
      }
      if (older == null) {
        throw new IllegalStateException("walk has not begun");
      }
      return older.entry();
    }
  }
}
