package dev.carafe.plugin.runtime.oci;

import dev.carafe.spi.runtimes.TaskLocation;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;

/** Tasks that may have been killed in for want of memory, until somebody asks. */
final class MemoryKills {
  private final Set<TaskLocation> named = new LinkedHashSet<>();

  /** Waits until tasks are named, and takes them. */
  Set<TaskLocation> await() throws InterruptedException {
    synchronized (named) {
      while (named.isEmpty()) {
        named.wait();
      }
      Set<TaskLocation> result = new HashSet<>(named);
      named.clear();
      return result;
    }
  }

  /** Names a task. */
  void name(TaskLocation task) {
    synchronized (named) {
      named.add(task);
      named.notifyAll();
    }
  }

  /** Nobody is to hear of a task any more. */
  void forget(TaskLocation task) {
    synchronized (named) {
      named.remove(task);
    }
  }
}
