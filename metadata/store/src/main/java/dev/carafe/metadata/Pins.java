package dev.carafe.metadata;

import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.UnavailableException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Back end objects in use by operations that are between a back end and the database (pinned), or
 * being removed from their back end (claimed); never both. Several may pin one object, one claims
 * it. In memory: after a crash nothing is in use.
 */
final class Pins {
  private final Duration patience;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition unclaimed = lock.newCondition();
  private final Map<Object, Integer> pinned = new HashMap<>();
  private final Set<Object> claimed = new HashSet<>();

  /**
   * @param patience how long a pin waits for a removal under way
   */
  Pins(Duration patience) {
    this.patience = patience;
  }

  /**
   * Keeps an object from being removed until the pin is closed. Waits for a removal under way.
   *
   * @throws UnavailableException if the removal takes too long
   */
  Pin pin(Object object) {
    long left = patience.toNanos();
    lock.lock();
    try {
      while (claimed.contains(object)) {
        if (left <= 0) {
          throw new UnavailableException(object + ": its removal from the back end has not ended");
        }
        left = unclaimed.awaitNanos(left);
      }
      pinned.merge(object, 1, Integer::sum);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException(object + ": interrupted", e);
    } finally {
      lock.unlock();
    }
    return new Pin(object);
  }

  /** As {@link #pin}, but null instead of waiting. */
  @Nullable Pin tryPin(Object object) {
    lock.lock();
    try {
      if (claimed.contains(object)) {
        return null;
      }
      pinned.merge(object, 1, Integer::sum);
      return new Pin(object);
    } finally {
      lock.unlock();
    }
  }

  /** Takes an object for removal; false if it is pinned or taken. */
  boolean claim(Object object) {
    lock.lock();
    try {
      return !pinned.containsKey(object) && claimed.add(object);
    } finally {
      lock.unlock();
    }
  }

  void unclaim(Object object) {
    lock.lock();
    try {
      claimed.remove(object);
      unclaimed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Everything that is pinned now. */
  Set<Object> pinned() {
    lock.lock();
    try {
      return new HashSet<>(pinned.keySet());
    } finally {
      lock.unlock();
    }
  }

  /** Holds an object. For one thread. */
  final class Pin implements AutoCloseable {
    private final Object object;
    private boolean open = true;

    private Pin(Object object) {
      this.object = object;
    }

    @Override
    public void close() {
      lock.lock();
      try {
        if (open) {
          open = false;
          pinned.computeIfPresent(object, (_, count) -> count == 1 ? null : count - 1);
        }
      } finally {
        lock.unlock();
      }
    }
  }
}
