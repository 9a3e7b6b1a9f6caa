package dev.carafe.metadata.mapdb;

import dev.carafe.spi.errors.DaemonException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes checkpoints on a thread of its own, which lives as long as one takes. In order:
 *
 * <ol>
 *   <li>create the next segment, name it in the manifest, switch to it
 *   <li>write the state at the switch as a table; force, read back, rename
 *   <li>name the table in the manifest, with the new segment as the first: the checkpoint is done
 *   <li>remove the old table and segments
 * </ol>
 *
 * A failure at any point leaves the previous checkpoint and all later segments in force; the next
 * attempt is made when the journal has grown further.
 */
final class Checkpointer {
  private static final Logger log = LoggerFactory.getLogger(Checkpointer.class);

  /** Journal that may gather whatever the size of the checkpoint. */
  private static final long MOST_JOURNAL = 64 << 20;

  private final MapdbDatabase database;
  private final Layout layout;
  private final MapdbConfig config;
  private final Disk disk;
  private Manifest manifest;
  private @Nullable Thread thread;
  private volatile boolean stopping;
  private volatile long olderBytes;
  private volatile long tableBytes;
  private volatile long due;
  private volatile long completed;
  private volatile long failed;

  Checkpointer(
      MapdbDatabase database,
      Layout layout,
      MapdbConfig config,
      Disk disk,
      Manifest manifest,
      long olderBytes,
      @Nullable Table table) {
    this.database = database;
    this.layout = layout;
    this.config = config;
    this.disk = disk;
    this.manifest = manifest;
    this.olderBytes = olderBytes;
    this.tableBytes = table == null ? 0 : table.length();
    this.due = bound();
  }

  /** By how much the journal may grow; the table's last page counts as empty, as it mostly is. */
  private long bound() {
    long most = Math.max(config.journalBytes(), MOST_JOURNAL);
    return Math.min(most, Math.max(config.journalBytes(), (tableBytes - Table.PAGE_SIZE) / 4));
  }

  long completed() {
    return completed;
  }

  long failed() {
    return failed;
  }

  long journalBytes() {
    return olderBytes + database.segment().position() - Segment.START;
  }

  long bytesOnDisk() {
    return olderBytes + database.segment().allocated() + tableBytes;
  }

  /** Begins a checkpoint if the journal is large enough and none is being written. */
  void startIfDue() {
    if (journalBytes() >= due) {
      start();
    }
  }

  private synchronized void start() {
    if (thread == null && !stopping && journalBytes() >= due) {
      thread = Thread.ofPlatform().daemon().name("metadata-checkpoint").start(this::run);
    }
  }

  /** Waits until no checkpoint is being written. */
  void await() {
    Thread running;
    synchronized (this) {
      running = thread;
    }
    boolean interrupted = false;
    while (running != null && running.isAlive()) {
      try {
        running.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Gives up the running checkpoint, if any, and begins no other. */
  void stop() {
    stopping = true;
    await();
  }

  private void run() {
    try {
      checkpoint();
      completed++;
      due = bound();
      Opening.removeLeftOvers(disk, layout, manifest);
    } catch (IOException | DaemonException e) {
      failed++;
      due = journalBytes() + bound() / 4;
      if (!stopping) {
        log.warn(
            "metadata database {}: checkpoint to be tried again: {}",
            layout.directory(),
            e.getMessage());
      }
    } catch (Throwable e) {
      failed++;
      due = journalBytes() + bound() / 4;
      log.error("metadata database {}: checkpoint", layout.directory(), e);
    } finally {
      synchronized (this) {
        thread = null;
      }
    }
  }

  private void checkpoint() throws IOException {
    long next = manifest.lastSegment() + 1;
    Path segment = layout.segment(next);
    Segment.create(disk, layout, manifest.database(), next, config.extentBytes());
    var withNext =
        new Manifest(manifest.database(), manifest.checkpoint(), manifest.firstSegment(), next);
    withNext.write(disk, layout);
    manifest = withNext;
    long before = database.segment().allocated();
    State state = database.rotate(Segment.open(disk, segment, Segment.START));
    olderBytes += before;

    Table table = write(state);
    var withTable = new Manifest(manifest.database(), state.revision(), next, next);
    withTable.write(disk, layout);
    manifest = withTable;
    database.adopt(table);
    tableBytes = table.length();
    olderBytes = 0;
  }

  private Table write(State state) throws IOException {
    Path path = layout.table(state.revision());
    Path temporary = Layout.temporary(path);
    try {
      Table table;
      try (var writer = new TableWriter(disk, temporary)) {
        writeEntries(state, writer);
        table = writer.finish(manifest.database(), state.revision());
      }
      disk.rename(temporary, path);
      disk.syncDirectory(layout.directory());
      return table;
    } catch (Throwable e) {
      disk.deleteIfExists(temporary);
      throw e;
    }
  }

  /**
   * Writes all that can be reached from the root. One pass in the order of bucket ids is enough: a
   * bucket's id is greater than its parent's.
   */
  private void writeEntries(State state, TableWriter writer) throws IOException {
    Set<Long> reached = new HashSet<>(Set.of(Keys.bucket(Keys.NEXT_ID), Keys.ROOT));
    long bucket = -1;
    boolean inside = false;
    for (State.Walk walk = state.from(new byte[0]); walk.next(); ) {
      if (stopping) {
        throw new IOException("stopping");
      }
      if (Keys.bucket(walk.key()) != bucket) {
        bucket = Keys.bucket(walk.key());
        inside = reached.remove(bucket);
      }
      if (inside) {
        Entry entry = walk.entry();
        if (entry instanceof Entry.Child child) {
          reached.add(child.id());
        }
        writer.put(walk.key(), entry);
      }
    }
  }
}
