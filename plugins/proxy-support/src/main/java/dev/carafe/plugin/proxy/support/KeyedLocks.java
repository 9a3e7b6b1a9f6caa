package dev.carafe.plugin.proxy.support;

import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.UnavailableException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** Keeps steps of two or more calls about the same thing apart; nobody waits without a bound. */
public final class KeyedLocks {
  private static final int STRIPES = 64;

  private final ReentrantLock[] locks = new ReentrantLock[STRIPES];

  public KeyedLocks() {
    for (int i = 0; i < STRIPES; i++) {
      locks[i] = new ReentrantLock();
    }
  }

  /**
   * Runs {@code steps} while no other thread runs steps about {@code key}.
   *
   * @throws UnavailableException if others took too long
   */
  public <T> T exclusively(Object key, Supplier<T> steps) {
    ReentrantLock lock = locks[Math.floorMod(key.hashCode(), STRIPES)];
    try {
      if (!lock.tryLock(Patience.CALL.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new UnavailableException("\"" + key + "\" is being changed by others");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("\"" + key + "\": interrupted", e);
    }
    try {
      return steps.get();
    } finally {
      lock.unlock();
    }
  }
}
