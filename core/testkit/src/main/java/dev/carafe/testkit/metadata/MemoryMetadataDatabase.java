package dev.carafe.testkit.metadata;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.metadata.DatabaseStats;
import dev.carafe.spi.metadata.MetadataDatabase;
import dev.carafe.spi.metadata.ReadTransaction;
import dev.carafe.spi.metadata.WriteTransaction;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A metadata database that forgets. Everything the contract says holds but for durability. A
 * transaction copies the buckets that it changes.
 */
public final class MemoryMetadataDatabase implements MetadataDatabase {
  private final ReentrantLock writer = new ReentrantLock();
  private volatile Revision latest = new Revision(0, new MemoryBucket.Content(this));
  private volatile boolean closed;

  private record Revision(long number, MemoryBucket.Content root) {}

  @Override
  public <T extends @Nullable Object> T view(Function<ReadTransaction, T> work) {
    requireOpen();
    Revision seen = latest;
    var transaction = new MemoryTransaction(seen.number, seen.root);
    try {
      return work.apply(transaction);
    } finally {
      transaction.end();
    }
  }

  @Override
  public <T extends @Nullable Object> T update(Function<WriteTransaction, T> work) {
    refuseInsideUpdate();
    MemoryTransaction transaction;
    T result;
    writer.lock();
    try {
      requireOpen();
      Revision before = latest;
      transaction = new MemoryTransaction(before.number, before.root);
      try {
        result = work.apply(transaction);
      } finally {
        transaction.end();
      }
      if (transaction.root != before.root) {
        latest = new Revision(before.number + 1, transaction.root);
      }
    } finally {
      writer.unlock();
    }
    transaction.runActions();
    return result;
  }

  private void refuseInsideUpdate() {
    if (writer.isHeldByCurrentThread()) {
      throw new FailedPreconditionException("metadata database: inside an update");
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new UnavailableException("metadata database: closed");
    }
  }

  @Override
  public DatabaseStats stats() {
    long revision = latest.number;
    return new DatabaseStats(revision, revision, 0, 0, 0, 0, 0, Optional.empty());
  }

  @Override
  public void close() {
    refuseInsideUpdate();
    writer.lock();
    try {
      closed = true;
    } finally {
      writer.unlock();
    }
  }
}
