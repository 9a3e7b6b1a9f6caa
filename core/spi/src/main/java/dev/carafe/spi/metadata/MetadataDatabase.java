package dev.carafe.spi.metadata;

import dev.carafe.spi.plugins.Direct;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A small ordered database for what the daemon must not forget.
 *
 * <p>Data is a tree. A <em>bucket</em> holds <em>values</em> and further buckets, each under a key;
 * the root is a bucket too. Keys are ordered by their UTF-8 bytes. A <em>transaction</em> reads or
 * changes the tree; a <em>revision</em> is the number of a committed change, counted from 1.
 *
 * <h2>The database guarantees</h2>
 *
 * <ol>
 *   <li>An {@link #update} that returned survives a kill of the process and a loss of power.
 *   <li>An {@code update} that threw left nothing behind, in memory or on disk. The exception is an
 *       {@code UnavailableException} out of the commit itself: then the outcome is known only after
 *       the next start.
 *   <li>A {@link #view} sees one revision from beginning to end, and only what is durable.
 *   <li>Updates run one at a time, in the order of their revisions. Views never wait for them.
 *   <li>A failed write or force is final: every later call throws {@code UnavailableException}
 *       until the database is opened again.
 *   <li>A full disk fails an update with {@code ResourceExhaustedException} and harms nothing else;
 *       transactions that chiefly delete still succeed.
 *   <li>Damage is reported as {@code DataLossException}; wrong data is never returned.
 * </ol>
 *
 * <h2>The caller guarantees</h2>
 *
 * <ol>
 *   <li>Functions are short and do no I/O: an update holds up all other updates.
 *   <li>Transactions and buckets are used only inside the function that received them, and those of
 *       an update only on its thread. Later use throws {@code FailedPreconditionException}.
 * </ol>
 *
 * Safe for use by many threads. {@link Thread#interrupt} does not abort a commit, and no deadline
 * does: calls run on the caller's thread.
 */
public interface MetadataDatabase extends AutoCloseable {

  /** Longest key in bytes of UTF-8. */
  int MAX_KEY_BYTES = 32 << 10;

  /** Longest value in bytes. */
  int MAX_VALUE_BYTES = 16 << 20;

  /** Deepest nesting of buckets below the root. */
  int MAX_DEPTH = 32;

  /**
   * Runs {@code work} on the latest durable revision and returns its result. Takes no lock; may run
   * inside an update, whose changes it does not see.
   *
   * @throws dev.carafe.spi.errors.UnavailableException if the database is closed or has failed
   */
  @Direct
  <T extends @Nullable Object> T view(Function<ReadTransaction, T> work);

  /**
   * Runs {@code work} as the only writer and returns its result once its changes are durable. Waits
   * for earlier updates; one that changes nothing returns once those are durable. What {@code work}
   * throws is passed on, with all its changes undone.
   *
   * @throws dev.carafe.spi.errors.FailedPreconditionException if the calling thread is already
   *     inside an update of this database
   * @throws dev.carafe.spi.errors.ResourceExhaustedException if the disk is full or the transaction
   *     is larger than the database allows
   * @throws dev.carafe.spi.errors.UnavailableException if the database is closed or has failed
   */
  @Direct
  <T extends @Nullable Object> T update(Function<WriteTransaction, T> work);

  /** An {@link #update} without a result. */
  @Direct
  default void write(Consumer<WriteTransaction> work) {
    this.<@Nullable Void>update(tx -> {
      work.accept(tx);
      return null;
    });
  }

  /** Figures for operators; cheap, and available after a failure and after {@link #close} too. */
  @Direct
  DatabaseStats stats();

  /**
   * Waits for running updates and closes. Views that still run may finish or throw {@code
   * UnavailableException}. A second call does nothing.
   */
  @Override
  void close();
}
