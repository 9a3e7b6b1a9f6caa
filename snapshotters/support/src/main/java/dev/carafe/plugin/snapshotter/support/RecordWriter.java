package dev.carafe.plugin.snapshotter.support;

import dev.carafe.linux.ErrnoException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Writes changes to the log, those that come at the same time with one force of the medium: whoever
 * comes first writes for all that wait by then. The lock is not held meanwhile.
 */
final class RecordWriter implements AutoCloseable {
  private static final int MAX_GROUP = 1 << 20;
  private static final long MIN_REWRITE = 1 << 20;
  private static final int GARBAGE = 4;

  private final RecordLog log;
  private final Consumer<Change> applied;
  private final Supplier<List<Change>> live;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition written = lock.newCondition();
  private final Deque<Entry> waiting = new ArrayDeque<>();
  private boolean writing;
  private long rewriteAt;

  /**
   * @param applied gets each change once it is on the medium, in the order of the log
   * @param live all that a new log must say
   */
  RecordWriter(RecordLog log, Consumer<Change> applied, Supplier<List<Change>> live) {
    this.log = log;
    this.applied = applied;
    this.live = live;
    this.rewriteAt =
        log.size() < MIN_REWRITE
            ? MIN_REWRITE
            : Math.max(MIN_REWRITE, GARBAGE * length(encodedLive()));
  }

  /**
   * Writes a change; on the medium and applied when it returns. An interrupt takes effect after it.
   *
   * @throws ResourceExhaustedException if the disk is full; the change is not made
   */
  void write(Change change) {
    Entry entry = new Entry(change, ChangeCodec.encode(change));
    lock.lock();
    try {
      waiting.add(entry);
      while (!entry.done) {
        if (writing) {
          written.awaitUninterruptibly();
        } else {
          writing = true;
          List<Entry> group = nextGroup();
          lock.unlock();
          try {
            writeGroup(group);
          } finally {
            lock.lock();
            writing = false;
            group.forEach(one -> one.done = true);
            written.signalAll();
          }
        }
      }
    } finally {
      lock.unlock();
    }
    if (entry.failure != null) {
      throw entry.failure;
    }
  }

  private List<Entry> nextGroup() {
    List<Entry> group = new ArrayList<>();
    int length = 0;
    for (Entry next = waiting.peek(); next != null; next = waiting.peek()) {
      length += next.bytes.length;
      if (!group.isEmpty() && length > MAX_GROUP) {
        break;
      }
      group.add(waiting.remove());
    }
    return group;
  }

  private void writeGroup(List<Entry> group) {
    try {
      List<Entry> fitting = group;
      if (!log.makeRoom(length(group), false)) {
        fitting = new ArrayList<>();
        int length = 0;
        for (Entry entry : group) {
          if (entry.change instanceof Change.Remove
              && log.makeRoom(length + entry.bytes.length, true)) {
            fitting.add(entry);
            length += entry.bytes.length;
          } else {
            entry.failure = new ResourceExhaustedException("snapshot records: the disk is full");
          }
        }
      }
      if (!fitting.isEmpty()) {
        log.append(joined(fitting));
        fitting.forEach(entry -> applied.accept(entry.change));
      }
    } catch (ErrnoException e) {
      RuntimeException failure = Failures.of("snapshot records", e);
      group.stream().filter(entry -> entry.failure == null).forEach(one -> one.failure = failure);
    } catch (RuntimeException | Error e) {
      RuntimeException failure =
          e instanceof RuntimeException known ? known : new IllegalStateException(e);
      group.stream().filter(entry -> entry.failure == null).forEach(one -> one.failure = failure);
    }
    rewriteIfLong();
  }

  private void rewriteIfLong() {
    if (log.size() < rewriteAt) {
      return;
    }
    List<byte[]> groups = encodedLive();
    try {
      log.rewrite(groups);
      rewriteAt = Math.max(MIN_REWRITE, GARBAGE * length(groups));
    } catch (RuntimeException e) {
      // The long log is as good as a short one; the next try comes when it has grown again.
      rewriteAt = log.size() + MIN_REWRITE;
    }
  }

  private List<byte[]> encodedLive() {
    List<byte[]> groups = new ArrayList<>();
    ByteArrayOutputStream group = new ByteArrayOutputStream();
    for (Change change : live.get()) {
      group.writeBytes(ChangeCodec.encode(change));
      if (group.size() > MAX_GROUP) {
        groups.add(group.toByteArray());
        group.reset();
      }
    }
    if (group.size() > 0) {
      groups.add(group.toByteArray());
    }
    return groups;
  }

  private static long length(List<byte[]> groups) {
    return groups.stream().mapToLong(bytes -> bytes.length).sum();
  }

  private static int length(Collection<Entry> group) {
    return group.stream().mapToInt(entry -> entry.bytes.length).sum();
  }

  private static byte[] joined(List<Entry> group) {
    if (group.size() == 1) {
      return group.getFirst().bytes;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(length(group));
    group.forEach(entry -> bytes.writeBytes(entry.bytes));
    return bytes.toByteArray();
  }

  /** Waits for what is being written, then ends the writing. */
  @Override
  public void close() {
    lock.lock();
    try {
      while (writing) {
        written.awaitUninterruptibly();
      }
      log.close();
    } finally {
      lock.unlock();
    }
  }

  private static final class Entry {
    final Change change;
    final byte[] bytes;
    boolean done;
    @Nullable RuntimeException failure;

    Entry(Change change, byte[] bytes) {
      this.change = change;
      this.bytes = bytes;
    }
  }
}
