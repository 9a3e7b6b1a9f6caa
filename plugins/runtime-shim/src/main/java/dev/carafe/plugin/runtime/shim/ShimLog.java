package dev.carafe.plugin.runtime.shim;

import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.EventLoop;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.FileStat;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.spi.errors.FailedPreconditionException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Reads the FIFO that a shim logs to, and writes its lines into the daemon's log. The FIFO is open
 * at both ends, so that a shim neither waits for a reader nor gets a SIGPIPE while a daemon runs.
 */
final class ShimLog implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ShimLog.class);
  private static final int LONGEST_LINE = 4096;
  private static final int LINES_PER_SECOND = 500;
  private static final Pattern LEVEL = Pattern.compile("\\blevel=\"?([a-z]+)");

  private final String task;
  private final Fd fifo;
  private final EventLoop.Registration registration;
  private final StringBuilder line = new StringBuilder();
  private long second;
  private int lines;

  private ShimLog(EventLoop loop, String task, Fd fifo) {
    this.task = task;
    this.fifo = fifo;
    this.registration = loop.watch(fifo, EventLoop.READABLE, (self, events) -> read());
  }

  /** Makes the FIFO where there is none, and begins to read. */
  static ShimLog open(EventLoop loop, String task, Path path) {
    try {
      PathCalls.mkfifoat(Fd.CWD, RawPath.of(path), 0600);
    } catch (ErrnoException e) {
      if (!e.is(Errno.EEXIST)) {
        throw e;
      }
    }
    Fd fifo = PathCalls.open(path, OpenFlags.RDWR | OpenFlags.NONBLOCK | OpenFlags.NOFOLLOW, 0);
    boolean done = false;
    try {
      if ((FileCalls.fstat(fifo).mode() & FileStat.TYPE_MASK) != FileStat.FIFO) {
        throw new FailedPreconditionException("task " + task + ": " + path + " is no FIFO");
      }
      ShimLog log = new ShimLog(loop, task, fifo);
      done = true;
      return log;
    } finally {
      if (!done) {
        fifo.close();
      }
    }
  }

  private synchronized void read() {
    if (!fifo.isOpen()) {
      return;
    }
    byte[] block = new byte[8192];
    try {
      int count = FileIo.read(fifo, block, 0, block.length);
      for (char c :
          new String(block, 0, Math.max(0, count), StandardCharsets.UTF_8).toCharArray()) {
        if (c == '\n') {
          log();
        } else if (line.length() < LONGEST_LINE) {
          line.append(Character.isISOControl(c) ? ' ' : c);
        }
      }
    } catch (ErrnoException e) {
      if (!e.is(Errno.EAGAIN)) {
        throw e;
      }
    }
  }

  private void log() {
    String text = line.toString();
    line.setLength(0);
    long now = System.nanoTime() / 1_000_000_000L;
    if (now != second) {
      if (lines > LINES_PER_SECOND) {
        LOG.warn("shim of {}: {} lines dropped", task, lines - LINES_PER_SECOND);
      }
      second = now;
      lines = 0;
    }
    if (++lines <= LINES_PER_SECOND && !text.isBlank()) {
      LOG.atLevel(level(text)).log("shim of {}: {}", task, text);
    }
  }

  private static Level level(String text) {
    Matcher matcher = LEVEL.matcher(text);
    if (!matcher.find()) {
      return Level.INFO;
    }
    return switch (matcher.group(1)) {
      case "trace" -> Level.TRACE;
      case "debug" -> Level.DEBUG;
      case "warning", "warn" -> Level.WARN;
      case "error", "fatal", "panic" -> Level.ERROR;
      default -> Level.INFO;
    };
  }

  @Override
  public synchronized void close() {
    registration.close();
    fifo.close();
  }
}
