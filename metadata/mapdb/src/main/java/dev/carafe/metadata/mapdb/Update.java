package dev.carafe.metadata.mapdb;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.metadata.WritableBucket;
import dev.carafe.spi.metadata.WriteTransaction;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An update while its function runs: a state of its own, thrown away unless it is committed. */
final class Update extends Transaction implements WriteTransaction {
  /** What a transaction may add on top of what it deletes and still use the reserve. */
  private static final long DELETING_ALLOWANCE = 4096;

  private final Thread thread = Thread.currentThread();
  private final long next;
  private final int limit;
  private final Set<Long> deleted = new HashSet<>();
  private final List<Runnable> actions = new ArrayList<>();
  private long size;
  private long added;
  private boolean deletes;

  Update(State state, int limit) {
    super(state);
    this.next = state.revision() + 1;
    this.limit = limit;
  }

  @Override
  public WritableBucket root() {
    return new UpdateBucket(this, null, "", Keys.ROOT, 0);
  }

  @Override
  public void afterCommit(Runnable action) {
    writable();
    actions.add(action);
  }

  List<Runnable> actions() {
    return actions;
  }

  @Override
  boolean isDeleted(long bucket) {
    return deleted.contains(bucket);
  }

  /** The state to change. */
  State writable() {
    if (Thread.currentThread() != thread) {
      throw new FailedPreconditionException("update: used by another thread than its own");
    }
    return state();
  }

  /** Sets an entry, in place of {@code before}. */
  void set(byte[] flat, Entry entry, @Nullable Entry before) {
    State state = writable();
    Overlay.Node node = state.overlay().find(flat);
    long change = flat.length + entry.size();
    if (node != null && node.revision() == next) {
      change -= flat.length + node.entry().size();
    }
    if (size + change > limit) {
      throw new ResourceExhaustedException(
          "transaction: larger than the %d bytes that are allowed".formatted(limit));
    }
    size += change;
    added += entry instanceof Entry.Gone ? 0 : flat.length + entry.size();
    added -= before == null ? 0 : flat.length + before.size();
    deletes |= entry instanceof Entry.Gone;
    become(new State(state.overlay().with(flat, entry, next), state.table(), state.revision()));
  }

  void delete(byte[] flat, Entry before) {
    set(flat, Entry.GONE, before);
    if (before instanceof Entry.Child child) {
      deleted.add(child.id());
    }
  }

  /** An id that no bucket has had. */
  long newBucketId() {
    return increment(Keys.NEXT_ID, Keys.ROOT);
  }

  /** Counts up the number under a key. */
  long increment(byte[] flat, long initial) {
    State state = writable();
    long number = Math.max(initial, state.number(flat)) + 1;
    set(flat, new Entry.Value(ByteBuffer.allocate(8).putLong(number).array()), state.get(flat));
    return number;
  }

  boolean isEmpty() {
    return size == 0;
  }

  /** Whether the transaction may use the space kept for deletions. */
  boolean chieflyDeletes() {
    return deletes && added <= DELETING_ALLOWANCE;
  }

  /** What has changed, as the payload of a record. */
  byte[] encode() {
    return Changes.encode(state().overlay().nodesNewerThan(next - 1));
  }

  /** The state as committed. */
  State committed() {
    State state = state();
    return new State(state.overlay(), state.table(), next);
  }
}
