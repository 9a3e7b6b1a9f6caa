package dev.carafe.plugin.resources.cgroup;

import dev.carafe.linux.Backoff;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.EventFd;
import dev.carafe.linux.EventLoop;
import dev.carafe.linux.Fd;
import dev.carafe.linux.Inotify;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.spi.resources.ResourceGroup.Watch;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Learns from the kernel that it kills in groups for want of memory: in cgroup version 1 from an
 * eventfd for each group, in version 2 from one inotify for all. Both go through one event loop,
 * which begins with the first group; no group has a thread.
 */
final class OomWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OomWatch.class);
  private static final int CAPACITY = 1 << 17;

  /** Version 1 tells when memory is short; the kill follows, or it is somebody else's. */
  private static final Duration KILL_FOLLOWS = Duration.ofSeconds(2);

  private final String name;
  private final Map<Integer, List<Runnable>> watched = new ConcurrentHashMap<>();
  private @Nullable EventLoop loop;
  private @Nullable Inotify inotify;
  private boolean closed;

  /**
   * Makes a watch over nothing yet.
   *
   * @param name of its thread
   */
  OomWatch(String name) {
    this.name = name;
  }

  Watch watch(Cgroup cgroup, Runnable told) {
    Path directory = cgroup.directory("memory");
    if (directory == null) {
      return Watch.NONE;
    }
    try {
      return cgroup.unified()
          ? watchEvents(directory.resolve("memory.events"), told)
          : watchControl(cgroup, directory, told);
    } catch (IOException | ErrnoException | IllegalStateException e) {
      LOG.warn("{}: kills for want of memory are seen at exits only: {}", directory, e.toString());
      return Watch.NONE;
    }
  }

  private synchronized EventLoop loop() {
    if (closed) {
      throw new IllegalStateException("closed");
    }
    EventLoop running = loop;
    if (running == null) {
      running = EventLoop.start(name, CAPACITY);
      loop = running;
    }
    return running;
  }

  private Watch watchControl(Cgroup cgroup, Path directory, Runnable told) throws IOException {
    EventLoop running = loop();
    EventFd notice = EventFd.open();
    boolean done = false;
    try (Fd control =
        PathCalls.open(directory.resolve("memory.oom_control"), OpenFlags.RDONLY, 0)) {
      CgroupFiles.write(
          directory.resolve("cgroup.event_control"), notice.fd().number() + " " + control.number());
      var follower = new Follower(cgroup, notice, told);
      EventLoop.Registration registration =
          running.watch(notice.fd(), EventLoop.READABLE, (_, _) -> follower.follow());
      done = true;
      return () -> {
        registration.close();
        notice.close();
      };
    } finally {
      if (!done) {
        notice.close();
      }
    }
  }

  /** Looks after each notice whether a kill followed. */
  private static final class Follower {
    private final Cgroup cgroup;
    private final EventFd notice;
    private final Runnable told;
    private long seen;

    Follower(Cgroup cgroup, EventFd notice, Runnable told) {
      this.cgroup = cgroup;
      this.notice = notice;
      this.told = told;
      this.seen = cgroup.oomKills();
    }

    /** On one thread at a time. */
    void follow() {
      try {
        if (notice.take() && Backoff.until(KILL_FOLLOWS, () -> cgroup.oomKills() > seen)) {
          seen = cgroup.oomKills();
          told.run();
        }
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private synchronized Watch watchEvents(Path events, Runnable told) {
    EventLoop running = loop();
    Inotify changes = inotify;
    if (changes == null) {
      Inotify opened = Inotify.open();
      try {
        running.watch(opened.fd(), EventLoop.READABLE, (_, _) -> read(opened));
      } catch (RuntimeException e) {
        opened.close();
        throw e;
      }
      inotify = opened;
      changes = opened;
    }
    int watch = changes.add(RawPath.of(events), Inotify.MODIFY);
    watched.computeIfAbsent(watch, _ -> new CopyOnWriteArrayList<>()).add(told);
    return () -> unwatch(watch, told);
  }

  private void read(Inotify changes) {
    for (Inotify.Event event : changes.read()) {
      if ((event.mask() & Inotify.QUEUE_OVERFLOW) != 0) {
        watched.values().forEach(OomWatch::tell);
        continue;
      }
      List<Runnable> all = watched.get(event.watch());
      if (all != null && (event.mask() & Inotify.MODIFY) != 0) {
        tell(all);
      }
    }
  }

  private static void tell(List<Runnable> all) {
    all.forEach(Runnable::run);
  }

  private synchronized void unwatch(int watch, Runnable told) {
    List<Runnable> all = watched.get(watch);
    if (all == null || !all.remove(told) || !all.isEmpty()) {
      return;
    }
    watched.remove(watch);
    if (inotify != null) {
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
    if (loop != null) {
      loop.close();
    }
    if (inotify != null) {
      inotify.close();
      inotify = null;
    }
  }
}
