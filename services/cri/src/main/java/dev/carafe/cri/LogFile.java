package dev.carafe.cri;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.FileStat;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.spi.logs.LogLine;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A file in the log format of CRI, read from some place on, whatever it is called meanwhile. */
final class LogFile implements AutoCloseable {
  private static final int BLOCK = 256 << 10;

  private final Fd fd;
  private final Inode inode;
  private long offset;

  /** What a file is, whatever it is called. */
  record Inode(long device, long number) {}

  /** Lines, and how many bytes they are in the file. */
  record Piece(List<LogLine> lines, int bytes) {}

  private LogFile(Fd fd, Inode inode) {
    this.fd = fd;
    this.inode = inode;
  }

  /** Empty if there is none, or something else. */
  static Optional<LogFile> open(Path path) {
    Fd fd;
    try {
      fd =
          PathCalls.open(
              path,
              OpenFlags.RDONLY | OpenFlags.NONBLOCK | OpenFlags.NOCTTY | OpenFlags.CLOEXEC,
              0);
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR) || e.is(Errno.ENXIO)) {
        return Optional.empty();
      }
      throw e;
    }
    try {
      FileStat stat = FileCalls.fstat(fd);
      if ((stat.mode() & FileStat.TYPE_MASK) == FileStat.REGULAR) {
        long device = (long) stat.devMajor() << 32 | stat.devMinor() & 0xffffffffL;
        return Optional.of(new LogFile(fd, new Inode(device, stat.ino())));
      }
    } catch (RuntimeException | Error e) {
      fd.close();
      throw e;
    }
    fd.close();
    return Optional.empty();
  }

  Inode inode() {
    return inode;
  }

  long offset() {
    return offset;
  }

  /** Goes to a place; to the beginning if the file is shorter. */
  void seek(long to) {
    offset = to <= FileCalls.fstat(fd).size() ? to : 0;
  }

  void skip(int bytes) {
    offset += bytes;
  }

  /**
   * The next lines, without going on behind them.
   *
   * @param rest whether nothing is to come: what has no end is a line, too
   */
  Piece read(boolean rest) {
    byte[] block = new byte[BLOCK];
    int count = 0;
    while (count < BLOCK) {
      int more = FileIo.pread(fd, block, count, BLOCK - count, offset + count);
      if (more <= 0) {
        break;
      }
      count += more;
    }
    List<LogLine> lines = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < count; i++) {
      if (block[i] == '\n') {
        lines.add(line(block, start, i));
        start = i + 1;
      }
    }
    if (start < count && (count < BLOCK ? rest : start == 0)) {
      lines.add(line(block, start, count));
      start = count;
    }
    return new Piece(lines, start);
  }

  /** What is not in the format is a line of standard output as a whole. */
  static LogLine line(byte[] bytes, int from, int to) {
    int time = indexOf(bytes, from, to);
    int stream = indexOf(bytes, time + 1, to);
    int tag = indexOf(bytes, stream + 1, to);
    if (tag < to && tag > stream + 1) {
      String name = new String(bytes, time + 1, stream - time - 1, US_ASCII);
      if (name.equals("stdout") || name.equals("stderr")) {
        try {
          return new LogLine(
              OffsetDateTime.parse(new String(bytes, from, time - from, US_ASCII)).toInstant(),
              name.equals("stderr"),
              bytes[stream + 1] == 'P',
              Arrays.copyOfRange(bytes, tag + 1, to));
        } catch (DateTimeException e) {
          return unknown(bytes, from, to);
        }
      }
    }
    return unknown(bytes, from, to);
  }

  private static LogLine unknown(byte[] bytes, int from, int to) {
    return new LogLine(Instant.now(), false, false, Arrays.copyOfRange(bytes, from, to));
  }

  private static int indexOf(byte[] bytes, int from, int to) {
    int at = from;
    while (at < to && bytes[at] != ' ') {
      at++;
    }
    return Math.min(at, to);
  }

  @Override
  public void close() {
    fd.close();
  }
}
