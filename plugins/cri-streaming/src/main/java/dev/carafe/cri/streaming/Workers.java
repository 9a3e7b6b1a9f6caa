package dev.carafe.cri.streaming;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The virtual threads that handlers run on. */
final class Workers {
  private final Set<Thread> running = ConcurrentHashMap.newKeySet();

  Thread start(String name, Runnable body) {
    Thread thread =
        Thread.ofVirtual()
            .name(name)
            .unstarted(() -> {
              try {
                body.run();
              } finally {
                running.remove(Thread.currentThread());
              }
            });
    running.add(thread);
    thread.start();
    return thread;
  }

  /** Interrupts all and waits for them. */
  void stop(Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    running.forEach(Thread::interrupt);
    for (Thread thread : running) {
      try {
        thread.join(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
