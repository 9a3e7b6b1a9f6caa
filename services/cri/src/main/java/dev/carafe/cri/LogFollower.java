package dev.carafe.cri;

import dev.carafe.spi.logs.LogDriver;
import dev.carafe.spi.logs.LoggedContainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a container's log for a driver, on a thread of its own. The container's monitor writes to
 * one file at a time, and has left one for good as soon as another one has the log's name; so what
 * is read after that has been seen is all of it. How far the driver is, is on disk after each call.
 */
final class LogFollower implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(LogFollower.class);
  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_RETRY = Duration.ofSeconds(30);
  private static final Duration STOP = Duration.ofSeconds(5);
  private static final int MOST_SIBLINGS = 10_000;

  /** How long a driver may fail when the container has ended, before it is given up. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final String driverId;
  private final LogDriver driver;
  private final LoggedContainer container;
  private final Path record;
  private final Runnable onEnd;
  private final Deque<LogFile> files = new ArrayDeque<>();
  private final Semaphore news = new Semaphore(0);
  private final Thread thread;
  private long next;
  private volatile boolean ended;
  private volatile long endedAt;
  private volatile boolean closing;

  /** The driver's id. */
  String driverId() {
    return driverId;
  }

  private LogFollower(FollowedLog log, LogDriver driver, Path record, Runnable onEnd) {
    this.driverId = log.driver();
    this.container = log.container();
    this.next = log.next();
    this.driver = driver;
    this.record = record;
    this.onEnd = onEnd;
    this.thread =
        Thread.ofVirtual().name("log of container " + container.id()).unstarted(this::run);
  }

  /**
   * Begins, or goes on where an earlier daemon was.
   *
   * @param record the file that {@code log} is in or will be
   * @param onEnd called when all lines of an ended container were taken
   */
  static LogFollower start(FollowedLog log, LogDriver driver, Path record, Runnable onEnd) {
    LogFollower follower = new LogFollower(log, driver, record, onEnd);
    follower.find(log.places());
    follower.save();
    follower.thread.start();
    return follower;
  }

  private synchronized void find(List<FollowedLog.Place> places) {
    for (FollowedLog.Place place : places) {
      LogFile found = find(place.inode());
      if (found == null) {
        log.warn(
            "container {}: log driver {} misses what was in a file that is gone",
            container.id(),
            driverId);
      } else {
        found.seek(place.offset());
        files.add(found);
      }
    }
  }

  private @Nullable LogFile find(LogFile.Inode wanted) {
    Path directory = container.file().getParent();
    try (Stream<Path> siblings = Files.list(directory)) {
      for (Path sibling : siblings.limit(MOST_SIBLINGS).toList()) {
        if (!Files.isRegularFile(sibling)) {
          continue;
        }
        LogFile file = LogFile.open(sibling).orElse(null);
        if (file != null && file.inode().equals(wanted)) {
          return file;
        }
        if (file != null) {
          file.close();
        }
      }
    } catch (IOException e) {
      log.debug("{}: {}", directory, e.toString());
    }
    return null;
  }

  /** The log's name may stand for another file from now on. */
  void rotated() {
    discover();
    news.release();
  }

  /** The container's monitor has ended. */
  void ended() {
    endedAt = System.nanoTime();
    ended = true;
    news.release();
  }

  private void run() {
    try {
      follow();
    } catch (InterruptedException e) {
      log.debug("container {}: log is left", container.id());
    } catch (RuntimeException e) {
      log.error("container {}: log driver {} gets no more", container.id(), driverId, e);
    } finally {
      closeFiles();
    }
  }

  private void follow() throws InterruptedException {
    Duration pause = SHORTEST_PAUSE;
    while (!closing) {
      boolean over = ended;
      boolean left = isFirstLeft();
      LogFile first = first();
      if (first == null) {
        if (discover()) {
          continue;
        }
        if (over) {
          finish();
          return;
        }
      } else {
        LogFile.Piece piece = first.read(left || over);
        if (!piece.lines().isEmpty()) {
          if (!deliver(first, piece)) {
            return;
          }
          pause = SHORTEST_PAUSE;
          continue;
        }
        if (left) {
          removeFirst();
          continue;
        }
        if (discover()) {
          continue;
        }
        if (over) {
          finish();
          return;
        }
      }
      if (news.tryAcquire(pause.toMillis(), TimeUnit.MILLISECONDS)) {
        news.drainPermits();
      }
      pause = longer(pause, LONGEST_PAUSE);
    }
  }

  private static Duration longer(Duration pause, Duration limit) {
    Duration twice = pause.multipliedBy(2);
    return twice.compareTo(limit) < 0 ? twice : limit;
  }

  private boolean deliver(LogFile from, LogFile.Piece piece) throws InterruptedException {
    Duration pause = SHORTEST_PAUSE;
    while (true) {
      try {
        driver.write(container, next, piece.lines());
        break;
      } catch (RuntimeException e) {
        if (closing || Thread.interrupted()) {
          return false;
        }
        log.warn("container {}: log driver {}: {}", container.id(), driverId, e.toString());
        if (ended && System.nanoTime() - endedAt > PATIENCE.toNanos()) {
          log.error("container {}: log driver {} is given up", container.id(), driverId);
          finish();
          return false;
        }
      }
      Thread.sleep(pause);
      pause = longer(pause, LONGEST_RETRY);
    }
    took(from, piece);
    return true;
  }

  private void finish() {
    closeFiles();
    try {
      driver.end(container);
    } catch (RuntimeException e) {
      log.warn("container {}: log driver {}: {}", container.id(), driverId, e.toString());
    }
    try {
      Files.deleteIfExists(record);
    } catch (IOException e) {
      log.warn("{}: {}", record, e.toString());
    }
    onEnd.run();
  }

  private synchronized @Nullable LogFile first() {
    return files.peekFirst();
  }

  private synchronized boolean isFirstLeft() {
    return files.size() > 1;
  }

  private synchronized void removeFirst() {
    files.removeFirst().close();
    save();
  }

  private synchronized void took(LogFile from, LogFile.Piece piece) {
    from.skip(piece.bytes());
    next += piece.lines().size();
    save();
  }

  /** Adds the file that has the log's name now; false if it is known, or there is none. */
  private synchronized boolean discover() {
    if (closing) {
      return false;
    }
    LogFile found = LogFile.open(container.file()).orElse(null);
    LogFile last = files.peekLast();
    if (found == null || last != null && last.inode().equals(found.inode())) {
      if (found != null) {
        found.close();
      }
      return false;
    }
    files.addLast(found);
    save();
    return true;
  }

  /** Survives the daemon's death; after the machine's, lines may come again. */
  private synchronized void save() {
    List<FollowedLog.Place> places = new ArrayList<>();
    files.forEach(file -> places.add(new FollowedLog.Place(file.inode(), file.offset())));
    Path fresh = record.resolveSibling(record.getFileName() + ".new");
    try {
      Files.write(fresh, new FollowedLog(driverId, container, next, places).encode());
      Files.move(fresh, record, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      log.warn("{}: {}", record, e.toString());
    }
  }

  private synchronized void closeFiles() {
    closing = true;
    files.forEach(LogFile::close);
    files.clear();
  }

  /** Leaves the log to another daemon. */
  @Override
  public void close() {
    closing = true;
    thread.interrupt();
    try {
      thread.join(STOP);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
