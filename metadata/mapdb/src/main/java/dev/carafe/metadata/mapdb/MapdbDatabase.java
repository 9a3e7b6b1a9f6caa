package dev.carafe.metadata.mapdb;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.metadata.DatabaseStats;
import dev.carafe.spi.metadata.MetadataDatabase;
import dev.carafe.spi.metadata.ReadTransaction;
import dev.carafe.spi.metadata.WriteTransaction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The database. A view reads the latest visible {@link State}. An update, one at a time, changes a
 * state of its own, hands the difference to {@link GroupCommit} and waits there, without the writer
 * lock, until it is durable and visible. {@link Checkpointer} turns states into tables beside that.
 */
final class MapdbDatabase implements MetadataDatabase {
  private static final Logger log = LoggerFactory.getLogger(MapdbDatabase.class);

  private final Layout layout;
  private final MapdbConfig config;
  private final DirectoryLock directoryLock;
  private final ReentrantLock writer = new ReentrantLock();
  private final GroupCommit commits;
  private final Checkpointer checkpointer;
  private State tip;
  private boolean cleanEnd;
  private volatile boolean closed;

  MapdbDatabase(
      Layout layout,
      MapdbConfig config,
      Disk disk,
      DirectoryLock directoryLock,
      Opening.Result opened) {
    this.layout = layout;
    this.config = config;
    this.directoryLock = directoryLock;
    this.tip = opened.state();
    this.cleanEnd = opened.cleanEnd();
    this.commits = new GroupCommit(layout, config, opened.segment(), opened.state());
    this.checkpointer =
        new Checkpointer(
            this,
            layout,
            config,
            disk,
            opened.manifest(),
            opened.olderBytes(),
            opened.state().table());
  }

  /**
   * Opens the database in a directory, which is created if need be.
   *
   * @throws FailedPreconditionException if it is open elsewhere
   * @throws dev.carafe.spi.errors.DataLossException if it is damaged; the message names the command
   *     that mends it
   * @throws UnavailableException if the disk refuses
   */
  static MapdbDatabase open(Path directory, MapdbConfig config) {
    return open(directory, config, new SystemDisk());
  }

  static MapdbDatabase open(Path directory, MapdbConfig config, Disk disk) {
    var layout = new Layout(directory);
    try {
      Opening.createDirectory(disk, directory);
      DirectoryLock lock = DirectoryLock.acquire(layout);
      try {
        Opening.Result opened = new Opening(layout, config, disk).open();
        return new MapdbDatabase(layout, config, disk, lock, opened);
      } catch (Throwable e) {
        lock.close();
        throw e;
      }
    } catch (IOException e) {
      throw new UnavailableException(
          "metadata database %s: %s".formatted(directory, e.getMessage()), e);
    }
  }

  @Override
  public <T extends @Nullable Object> T view(Function<ReadTransaction, T> work) {
    requireUsable();
    var transaction = new Transaction(commits.visible());
    try {
      return work.apply(transaction);
    } finally {
      transaction.end();
    }
  }

  @Override
  public <T extends @Nullable Object> T update(Function<WriteTransaction, T> work) {
    refuseInsideUpdate("update");
    T result;
    Update update;
    GroupCommit.Batch batch;
    writer.lock();
    try {
      requireUsable();
      update = new Update(tip, config.transactionBytes());
      try {
        result = work.apply(update);
        if (update.isEmpty()) {
          batch = commits.newest();
        } else {
          State committed = update.committed();
          batch = commits.add(update.encode(), committed, update.chieflyDeletes());
          tip = committed;
          cleanEnd = false;
        }
      } finally {
        update.end();
      }
    } finally {
      writer.unlock();
    }
    commits.await(batch);
    checkpointer.startIfDue();
    update.actions().forEach(MapdbDatabase::run);
    return result;
  }

  private static void run(Runnable action) {
    try {
      action.run();
    } catch (RuntimeException e) {
      log.error("action after a commit: {}", e.getMessage(), e);
    }
  }

  private void refuseInsideUpdate(String what) {
    if (writer.isHeldByCurrentThread()) {
      throw new FailedPreconditionException(
          "metadata database %s: %s inside an update".formatted(layout.directory(), what));
    }
  }

  private void requireUsable() {
    if (closed) {
      throw new UnavailableException("metadata database %s: closed".formatted(layout.directory()));
    }
    commits.requireHealthy();
  }

  /** The segment that takes the records. */
  Segment segment() {
    return commits.segment();
  }

  /**
   * Goes on in another segment.
   *
   * @return the state that all older segments, and nothing else, lead to
   */
  State rotate(Segment next) throws IOException {
    writer.lock();
    try {
      requireUsable();
      commits.replaceSegment(next).close();
      return commits.visible();
    } finally {
      writer.unlock();
    }
  }

  /** Reads from a new checkpoint; what is in it leaves the memory. */
  void adopt(Table table) {
    writer.lock();
    try {
      commits.await(commits.newest());
      State state = commits.visible();
      tip =
          new State(state.overlay().newerThan(table.footer().revision()), table, state.revision());
      commits.replaceVisible(tip);
    } finally {
      writer.unlock();
    }
  }

  /** Waits until no checkpoint is being written. */
  void awaitCheckpoint() {
    checkpointer.await();
  }

  @Override
  public DatabaseStats stats() {
    return new DatabaseStats(
        commits.visible().revision(),
        commits.commits(),
        commits.forces(),
        checkpointer.completed(),
        checkpointer.failed(),
        checkpointer.bytesOnDisk(),
        checkpointer.journalBytes(),
        Optional.ofNullable(commits.failure()).map(Throwable::toString));
  }

  @Override
  public void close() {
    refuseInsideUpdate("close");
    checkpointer.stop();
    writer.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      if (commits.failure() == null) {
        commits.await(commits.newest());
      }
      commits.close(cleanEnd);
    } catch (IOException | UnavailableException e) {
      log.error("metadata database {}: close: {}", layout.directory(), e.getMessage());
    } finally {
      writer.unlock();
      directoryLock.close();
    }
  }
}
