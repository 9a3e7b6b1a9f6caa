package dev.carafe.plugin.runtime.wasm;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The thread that a module runs on. A platform thread: code that never waits would keep a carrier
 * of virtual threads from all others.
 *
 * <p>Interpreted and compiled code alike ask {@link #isInterrupted} at each call and each turn of a
 * loop. That is where a module is held while its task is paused or has used up its share of
 * processor time, and where it ends when it is killed.
 */
final class GuestThread extends Thread {
  private static final long STACK = 4 << 20;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private volatile boolean held;

  /** Of this thread alone: a lock asks for interrupts, too. */
  private boolean waiting;

  private boolean paused;
  private boolean throttled;

  GuestThread(String name, Runnable work) {
    super(null, work, name, STACK);
    setDaemon(true);
  }

  @Override
  public boolean isInterrupted() {
    if (held && currentThread() == this && !waiting) {
      waitWhileHeld();
    }
    return super.isInterrupted();
  }

  private void waitWhileHeld() {
    waiting = true;
    lock.lock();
    try {
      while (held) {
        changed.await();
      }
    } catch (InterruptedException e) {
      interrupt();
    } finally {
      lock.unlock();
      waiting = false;
    }
  }

  /** Holds the module where it is, or lets it go on. */
  void pause(boolean value) {
    lock.lock();
    try {
      paused = value;
      holdOrLetGo();
    } finally {
      lock.unlock();
    }
  }

  /** As {@link #pause}, for another reason: it is held as long as there is one. */
  void throttle(boolean value) {
    lock.lock();
    try {
      throttled = value;
      holdOrLetGo();
    } finally {
      lock.unlock();
    }
  }

  private void holdOrLetGo() {
    held = paused || throttled;
    changed.signalAll();
  }
}
