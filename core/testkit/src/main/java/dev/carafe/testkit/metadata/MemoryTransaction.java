package dev.carafe.testkit.metadata;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.metadata.WritableBucket;
import dev.carafe.spi.metadata.WriteTransaction;
import java.util.ArrayList;
import java.util.List;

/** A transaction of the memory database; one that changes nothing serves as a view. */
final class MemoryTransaction implements WriteTransaction {
  private static final long LIMIT = 64 << 20;

  private final long revision;
  private final List<Runnable> actions = new ArrayList<>();
  MemoryBucket.Content root;
  private long size;
  private volatile boolean ended;

  MemoryTransaction(long revision, MemoryBucket.Content root) {
    this.revision = revision;
    this.root = root;
  }

  @Override
  public WritableBucket root() {
    return new MemoryBucket(this);
  }

  @Override
  public long revision() {
    requireOpen();
    return revision;
  }

  @Override
  public void afterCommit(Runnable action) {
    requireOpen();
    actions.add(action);
  }

  void requireOpen() {
    if (ended) {
      throw new FailedPreconditionException("transaction: has ended");
    }
  }

  /** Counts bytes that are about to be stored. */
  void count(long bytes) {
    if (size + bytes > LIMIT) {
      throw new ResourceExhaustedException(
          "transaction: larger than the %d bytes that are allowed".formatted(LIMIT));
    }
    size += bytes;
  }

  void end() {
    ended = true;
  }

  void runActions() {
    for (Runnable action : actions) {
      try {
        action.run();
      } catch (RuntimeException e) {
        System.getLogger(MemoryTransaction.class.getName())
            .log(System.Logger.Level.ERROR, "action after a commit: " + e);
      }
    }
  }
}
