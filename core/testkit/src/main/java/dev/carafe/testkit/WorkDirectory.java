package dev.carafe.testkit;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The directory of one test, handed to it by {@link LeakCheck}. Everything below it is removed when
 * the test is over.
 */
public final class WorkDirectory {
  private final Path path;
  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  WorkDirectory(Path path) {
    this.path = path;
  }

  /** An absolute path without symbolic links. */
  public Path path() {
    return path;
  }

  /** Closes {@code resource} after the test, before anything is checked; the last one first. */
  public <T extends AutoCloseable> T closeLater(T resource) {
    synchronized (open) {
      open.push(resource);
    }
    return resource;
  }

  /** Closes what was handed over; everything, also if some of it refuses. */
  void closeAll() throws Exception {
    Exception failure = null;
    while (true) {
      AutoCloseable next;
      synchronized (open) {
        next = open.poll();
      }
      if (next == null) {
        break;
      }
      try {
        next.close();
      } catch (Exception e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
