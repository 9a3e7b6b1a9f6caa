package dev.carafe.cni;

import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.EventLoop;
import dev.carafe.linux.Inotify;
import dev.carafe.linux.RawPath;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the networks when their directories change, and every now and then. Each directory has a
 * thread of its own, so that plugins of one that do not answer hold up no other.
 */
final class Monitor implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Monitor.class);
  private static final int MASK =
      Inotify.CLOSE_WRITE
          | Inotify.MOVED_FROM
          | Inotify.MOVED_TO
          | Inotify.DELETE
          | Inotify.DELETE_SELF
          | Inotify.ONLY_DIRECTORY;

  /** How long something that does not work is waited for at most. */
  private static final Duration IMPATIENT = Duration.ofSeconds(2);

  private final Negotiation negotiation;
  private final Chain chain;
  private final Duration interval;
  private final Inotify inotify = Inotify.open();
  private final EventLoop loop = EventLoop.start("cni configurations", 4);
  private final List<Watched> watched = new ArrayList<>();

  Monitor(Collection<Networks> networks, Negotiation negotiation, Chain chain, Duration interval) {
    this.negotiation = negotiation;
    this.chain = chain;
    this.interval = interval;
    networks.forEach(one -> watched.add(new Watched(one)));
  }

  void start() {
    var _ =
        loop.watch(
            inotify.fd(),
            EventLoop.READABLE,
            (_, _) -> {
              if (!inotify.read().isEmpty()) {
                lookNow();
              }
            });
    watched.forEach(one -> one.thread.start());
  }

  /** Has all directories looked at, without waiting for it. */
  void lookNow() {
    watched.forEach(one -> one.pokes.release());
  }

  private final class Watched {
    final Networks networks;
    final Semaphore pokes = new Semaphore(0);
    final Thread thread;

    Watched(Networks networks) {
      this.networks = networks;
      this.thread = Thread.ofVirtual().name("cni " + networks.path()).unstarted(this::run);
    }

    private void run() {
      try {
        while (true) {
          watch();
          try {
            networks.look(negotiation, chain);
          } catch (RuntimeException e) {
            log.warn("looking at the networks of {} failed", networks.path(), e);
          }
          boolean hasty = !networks.isSettled() && IMPATIENT.compareTo(interval) < 0;
          Duration pause = hasty ? IMPATIENT : interval;
          if (pokes.tryAcquire(pause.toMillis(), TimeUnit.MILLISECONDS)) {
            pokes.drainPermits();
          }
        }
      } catch (InterruptedException e) {
        log.debug("looking at {} ended", networks.path());
      }
    }

    /** Each time anew: the directory may have come or been replaced since. */
    private void watch() {
      try {
        int _ = inotify.add(RawPath.of(networks.path()), MASK);
      } catch (ErrnoException e) {
        log.debug("{} cannot be watched: {}", networks.path(), e.getMessage());
      }
    }
  }

  /** Ends the looking; plugins that are being asked are killed. */
  @Override
  public void close() {
    watched.forEach(one -> one.thread.interrupt());
    loop.close();
    boolean interrupted = false;
    for (Watched one : watched) {
      try {
        boolean _ = one.thread.join(Duration.ofSeconds(5));
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    inotify.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
