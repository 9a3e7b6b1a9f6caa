package dev.carafe.spi.events;

import dev.carafe.spi.errors.ResourceExhaustedException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A queue of events. For one reader. */
public interface Subscription extends AutoCloseable {
  /**
   * The next event, or null if none came in time or the subscription was closed.
   *
   * @throws ResourceExhaustedException once, after the queue ran over: events were lost, read the
   *     stores again
   */
  @Nullable Envelope next(Duration atMost) throws InterruptedException;

  /** Stops and forgets what is queued. Idempotent. */
  @Override
  void close();
}
