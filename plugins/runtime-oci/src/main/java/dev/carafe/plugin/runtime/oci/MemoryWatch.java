package dev.carafe.plugin.runtime.oci;

import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.EventFd;
import dev.carafe.linux.EventLoop;
import dev.carafe.linux.Fd;
import dev.carafe.linux.Inotify;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.spi.runtimes.TaskLocation;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Learns from the kernel that it kills in tasks for want of memory: in cgroup version 1 from an
 * eventfd for each group, in version 2 from one inotify for all. Both go through the event loop; no
 * task has a thread.
 */
final class MemoryWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MemoryWatch.class);

  /** Version 1 tells when memory is short; the kill follows, or it is somebody else's. */
  private static final Duration KILL_FOLLOWS = Duration.ofSeconds(2);

  private final EventLoop loop;
  private final Set<TaskLocation> named = new LinkedHashSet<>();
  private final Map<Integer, TaskLocation> watched = new ConcurrentHashMap<>();
  private @Nullable Inotify inotify;
  private EventLoop.@Nullable Registration inotifyRegistration;
  private boolean closed;

  MemoryWatch(EventLoop loop) {
    this.loop = loop;
  }

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

  /** Watches a task's group until what is returned is run; a group without limits is none. */
  Runnable watch(TaskLocation task, TaskCgroup cgroup) {
    Path directory = cgroup.directory("memory");
    if (directory == null) {
      return () -> {};
    }
    try {
      return cgroup.unified()
          ? watchEvents(task, directory.resolve("memory.events"))
          : watchControl(task, cgroup, directory);
    } catch (IOException | ErrnoException | IllegalStateException e) {
      LOG.warn("task {}: kills for want of memory are seen at exits only: {}", task, e.toString());
      return () -> {};
    }
  }

  private Runnable watchControl(TaskLocation task, TaskCgroup cgroup, Path directory)
      throws IOException {
    EventFd told = EventFd.open();
    boolean done = false;
    try (Fd control =
        PathCalls.open(directory.resolve("memory.oom_control"), OpenFlags.RDONLY, 0)) {
      CgroupFiles.write(
          directory.resolve("cgroup.event_control"), told.fd().number() + " " + control.number());
      var follower = new Follower(task, cgroup, told);
      EventLoop.Registration registration =
          loop.watch(told.fd(), EventLoop.READABLE, (_, _) -> follower.follow());
      done = true;
      return () -> {
        registration.close();
        told.close();
      };
    } finally {
      if (!done) {
        told.close();
      }
    }
  }

  /** Looks after each notice whether a kill followed. */
  private final class Follower {
    private final TaskLocation task;
    private final TaskCgroup cgroup;
    private final EventFd told;
    private long seen;

    Follower(TaskLocation task, TaskCgroup cgroup, EventFd told) {
      this.task = task;
      this.cgroup = cgroup;
      this.told = told;
      this.seen = cgroup.oomKills();
    }

    /** On one thread at a time. */
    void follow() {
      try {
        if (told.take() && Backoff.until(KILL_FOLLOWS, () -> cgroup.oomKills() > seen)) {
          seen = cgroup.oomKills();
          name(task);
        }
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private synchronized Runnable watchEvents(TaskLocation task, Path events) {
    if (closed) {
      throw new IllegalStateException("closed");
    }
    Inotify changes = inotify;
    if (changes == null) {
      changes = Inotify.open();
      Inotify opened = changes;
      inotifyRegistration = loop.watch(changes.fd(), EventLoop.READABLE, (_, _) -> read(opened));
      inotify = changes;
    }
    int watch = changes.add(RawPath.of(events), Inotify.MODIFY);
    watched.put(watch, task);
    return () -> unwatch(watch, task);
  }

  private void read(Inotify changes) {
    for (Inotify.Event event : changes.read()) {
      if ((event.mask() & Inotify.QUEUE_OVERFLOW) != 0) {
        watched.values().forEach(this::name);
        continue;
      }
      TaskLocation task = watched.get(event.watch());
      if (task != null && (event.mask() & Inotify.MODIFY) != 0) {
        name(task);
      }
    }
  }

  private synchronized void unwatch(int watch, TaskLocation task) {
    if (watched.remove(watch, task) && inotify != null) {
      try {
        inotify.remove(watch);
      } catch (ErrnoException _) {
        // It went with its group.
      }
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (inotifyRegistration != null) {
      inotifyRegistration.close();
    }
    if (inotify != null) {
      inotify.close();
      inotify = null;
    }
  }
}
