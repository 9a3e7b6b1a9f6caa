package dev.carafe.metadata.mapdb;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.metadata.Bucket;
import dev.carafe.spi.metadata.ReadTransaction;

/** A view: one state, until its function returns. */
sealed class Transaction implements ReadTransaction permits Update {
  private final long revision;
  private State state;
  private volatile boolean ended;

  Transaction(State state) {
    this.state = state;
    this.revision = state.revision();
  }

  /**
   * @throws FailedPreconditionException if the transaction has ended
   */
  final State state() {
    if (ended) {
      throw new FailedPreconditionException("transaction: has ended");
    }
    return state;
  }

  final void become(State changed) {
    state = changed;
  }

  final void end() {
    ended = true;
  }

  /** Whether a bucket was deleted in this transaction. */
  boolean isDeleted(long bucket) {
    return false;
  }

  @Override
  public Bucket root() {
    return new BucketView(this, null, "", Keys.ROOT);
  }

  @Override
  public final long revision() {
    state();
    return revision;
  }
}
