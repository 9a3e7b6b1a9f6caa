package dev.carafe.metadata.mapdb;

import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Makes transactions durable, several with one force. A transaction joins the batch that is
 * waiting; one of the threads that wait writes it while the next batch gathers. Only then does the
 * state behind the batch become the visible one. So every record was forced before the next is
 * written.
 *
 * <p>Two locks are in play: whoever adds holds the database's writer lock; the lock in here guards
 * the queue and is never held during I/O.
 */
final class GroupCommit {
  private static final int BATCH_BYTES = 4 << 20;

  /** Always left for the marks of an orderly end. */
  private static final int CLOSE_SPACE = Frame.space(Frame.SECTOR) + Frame.space(0);

  private final Layout layout;
  private final MapdbConfig config;
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Batch> waiting = new ArrayDeque<>();
  private final LongAdder commits = new LongAdder();
  private final LongAdder forces = new LongAdder();
  private boolean writing;
  private long waitingSpace;
  private @Nullable Batch newest;
  private volatile Segment segment;
  private volatile State visible;
  private volatile @Nullable Throwable failure;

  GroupCommit(Layout layout, MapdbConfig config, Segment segment, State visible) {
    this.layout = layout;
    this.config = config;
    this.segment = segment;
    this.visible = visible;
  }

  /** Transactions that share a record. */
  final class Batch {
    private final Condition change = lock.newCondition();
    private final long first;
    private byte[] record = new byte[1024];
    private int length;
    private int count;
    private long space;
    private State after;
    private boolean done;

    private Batch(State after) {
      this.first = after.revision();
      this.after = after;
    }

    private void add(byte[] payload, State behind) {
      int end = Frame.space(length + payload.length);
      if (end > record.length) {
        record = Arrays.copyOf(record, Math.max(end, record.length * 2));
      }
      System.arraycopy(payload, 0, record, Frame.HEAD + length, payload.length);
      length += payload.length;
      space += Frame.space(payload.length);
      count++;
      after = behind;
    }
  }

  /** The latest durable state. */
  State visible() {
    return visible;
  }

  long commits() {
    return commits.sum();
  }

  long forces() {
    return forces.sum();
  }

  Segment segment() {
    return segment;
  }

  @Nullable Throwable failure() {
    return failure;
  }

  /**
   * @throws UnavailableException if a write or force has failed before
   */
  void requireHealthy() {
    Throwable cause = failure;
    if (cause != null) {
      throw new UnavailableException(
          "metadata database %s: unusable since the journal could not be written (%s); restart"
              .formatted(layout.directory(), cause.getMessage()),
          cause);
    }
  }

  /**
   * Queues a transaction that leads to {@code after}. The caller holds the writer lock.
   *
   * @param deleting whether it may use the reserve
   * @return what to {@link #await}
   * @throws ResourceExhaustedException if there is no space; nothing was queued
   */
  Batch add(byte[] payload, State after, boolean deleting) {
    requireHealthy();
    provideSpace(Frame.space(payload.length), deleting);
    lock.lock();
    try {
      Batch batch = waiting.peekLast();
      if (batch == null || batch.length + payload.length > BATCH_BYTES) {
        batch = new Batch(after);
        batch.add(payload, after);
        waiting.add(batch);
      } else {
        batch.add(payload, after);
      }
      waitingSpace += Frame.space(payload.length);
      newest = batch;
      return batch;
    } finally {
      lock.unlock();
    }
  }

  private void provideSpace(int space, boolean deleting) {
    long reserve = deleting ? 0 : config.reserveBytes();
    long end = end() + space + CLOSE_SPACE + Frame.HEAD;
    if (end + reserve <= segment.allocated()) {
      return;
    }
    long extent = config.extentBytes();
    long size = (end + config.reserveBytes() + extent - 1) / extent * extent;
    if (size > Segment.MAX_SIZE) {
      throw new ResourceExhaustedException(
          "metadata database %s: journal has %d bytes and no checkpoint was possible"
              .formatted(layout.directory(), segment.allocated()));
    }
    try {
      segment.extend(size);
    } catch (IOException e) {
      if (isFull(e, size - segment.allocated())) {
        throw new ResourceExhaustedException(
            "metadata database %s: disk is full".formatted(layout.directory()), e);
      }
      fail(e);
      requireHealthy();
    }
  }

  /** Where the journal ends at most, once all that waits is written. */
  private long end() {
    lock.lock();
    try {
      return segment.position() + waitingSpace;
    } finally {
      lock.unlock();
    }
  }

  private boolean isFull(IOException e, long wanted) {
    String message = String.valueOf(e.getMessage());
    if (message.contains("No space left") || message.contains("quota")) {
      return true;
    }
    try {
      return Files.getFileStore(layout.directory()).getUsableSpace() < wanted;
    } catch (IOException unknown) {
      e.addSuppressed(unknown);
      return false;
    }
  }

  /**
   * Returns when the batch, null for none, is durable and visible. Does not answer to interrupts.
   *
   * @throws UnavailableException if it could not be made durable
   */
  void await(@Nullable Batch batch) {
    if (batch == null) {
      return;
    }
    lock.lock();
    try {
      while (!batch.done) {
        requireHealthy();
        if (writing) {
          batch.change.awaitUninterruptibly();
        } else {
          writeFirst();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Writes the batch at the head of the queue, with the lock released meanwhile. */
  private void writeFirst() {
    Batch batch = waiting.remove();
    writing = true;
    Segment target = segment;
    lock.unlock();
    Throwable problem = null;
    try {
      target.append(batch.record, batch.length, Frame.COMMIT, batch.first, batch.count);
    } catch (Throwable e) {
      problem = e;
    }
    lock.lock();
    writing = false;
    waitingSpace -= batch.space;
    if (problem != null) {
      failure = problem;
      batch.change.signalAll();
      waiting.forEach(other -> other.change.signalAll());
      return;
    }
    visible = batch.after;
    batch.done = true;
    if (newest == batch) {
      newest = null;
    }
    commits.add(batch.count);
    forces.increment();
    Batch next = waiting.peek();
    if (next != null) {
      next.change.signal();
    }
    batch.change.signalAll();
  }

  private void fail(Throwable cause) {
    lock.lock();
    try {
      failure = cause;
      waiting.forEach(batch -> batch.change.signalAll());
    } finally {
      lock.unlock();
    }
  }

  /** What has been added last and is not durable yet, or null. To be awaited by who read it. */
  @Nullable Batch newest() {
    lock.lock();
    try {
      return newest;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Writes all that waits, then goes on in another segment. The caller holds the writer lock.
   *
   * @return the old segment
   */
  Segment replaceSegment(Segment next) {
    await(newest());
    Segment old = segment;
    segment = next;
    return old;
  }

  /** Shows another form of the same revision. The caller holds the writer lock; nothing waits. */
  void replaceVisible(State state) {
    visible = state;
  }

  /**
   * Marks the end of an orderly run, so that damage to the last record cannot pass for a torn
   * write. Two marks, a sector apart: no bad sector takes the record and both. The caller holds the
   * writer lock, and nothing waits.
   */
  void close(boolean alreadyMarked) throws IOException {
    try (Segment last = segment) {
      if (failure == null && !alreadyMarked) {
        for (int length : new int[] {Frame.SECTOR, 0}) {
          last.append(
              new byte[Frame.space(length)], length, Frame.CLOSE, visible.revision() + 1, 0);
        }
      }
    }
  }
}
