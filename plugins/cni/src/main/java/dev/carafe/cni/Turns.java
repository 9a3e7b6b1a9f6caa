package dev.carafe.cni;

import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DeadlineExceededException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** Work for one pod is done one after the other, for different pods at once. */
final class Turns {
  private final Map<String, Turn> turns = new HashMap<>();
  private final Duration longestWait;

  Turns(Duration longestWait) {
    this.longestWait = longestWait;
  }

  /** That it is one's turn; closed by the thread that took it. */
  final class Turn implements AutoCloseable {
    private final String id;
    private final ReentrantLock lock = new ReentrantLock(true);
    private int users;

    private Turn(String id) {
      this.id = id;
    }

    @Override
    public void close() {
      lock.unlock();
      leave(this);
    }
  }

  /** Waits until whoever is at work for this pod is done. */
  Turn take(String id) {
    Turn turn;
    synchronized (turns) {
      turn = turns.computeIfAbsent(id, Turn::new);
      turn.users++;
    }
    try {
      if (turn.lock.tryLock(longestWait.toMillis(), TimeUnit.MILLISECONDS)) {
        return turn;
      }
    } catch (InterruptedException e) {
      leave(turn);
      Thread.currentThread().interrupt();
      throw new CancelledException("pod \"" + id + "\": cancelled while it waited its turn", e);
    }
    leave(turn);
    throw new DeadlineExceededException(
        "pod \"" + id + "\": its network is being worked on for more than " + longestWait);
  }

  private void leave(Turn turn) {
    synchronized (turns) {
      turn.users--;
      if (turn.users == 0) {
        turns.remove(turn.id);
      }
    }
  }
}
