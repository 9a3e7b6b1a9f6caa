package dev.carafe.plugin.content.local;

import dev.carafe.linux.AtFlags;
import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.FileStat;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.TreeRemover;
import dev.carafe.spi.content.IngestStatus;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;

/** The files of one ingest. */
final class IngestDirectory {
  private static final RawPath DATA = RawPath.of("data");
  private static final RawPath REF = RawPath.of("ref");
  private static final RawPath TOTAL = RawPath.of("total");
  private static final RawPath STARTED = RawPath.of("startedat");
  private static final RawPath UPDATED = RawPath.of("updatedat");
  private static final int MAX_TEXT = 32 * 1024;
  private static final int NEW = OpenFlags.WRONLY | OpenFlags.CREAT | OpenFlags.TRUNC;

  private final Path path;

  IngestDirectory(Path path) {
    this.path = path;
  }

  /**
   * Makes an ingest without bytes; it has its name only once all its files are there.
   *
   * @param scratch a name that nobody uses
   * @throws ErrnoException with ENOTEMPTY if there is one
   */
  static IngestDirectory create(
      Path scratch, Path path, String ref, long total, Instant startedAt) {
    PathCalls.mkdirat(Fd.CWD, RawPath.of(scratch), 0755);
    try {
      IngestDirectory made = new IngestDirectory(scratch);
      made.write(REF, ref);
      made.write(TOTAL, Long.toString(total));
      made.write(STARTED, startedAt.toString());
      made.write(UPDATED, startedAt.toString());
      made.write(DATA, "");
      PathCalls.renameat2(Fd.CWD, RawPath.of(scratch), Fd.CWD, RawPath.of(path), 0);
    } catch (ErrnoException e) {
      TreeRemover.remove(scratch);
      throw e;
    }
    return new IngestDirectory(path);
  }

  RawPath data() {
    return RawPath.of(path.resolve("data"));
  }

  Fd openData() {
    return PathCalls.openat(Fd.CWD, data(), OpenFlags.RDWR | OpenFlags.NOFOLLOW, 0);
  }

  /** What the files say; empty if they are gone or were never complete. */
  Optional<IngestStatus> status() {
    try (Fd directory = open()) {
      String ref = read(directory, REF);
      FileStat data = PathCalls.statx(directory, DATA, AtFlags.SYMLINK_NOFOLLOW);
      Instant modified = Instant.ofEpochSecond(data.mtimeSeconds(), data.mtimeNanos());
      Instant started = time(read(directory, STARTED), modified);
      Instant updated = time(read(directory, UPDATED), modified);
      return ref.isEmpty() || !data.isRegular()
          ? Optional.empty()
          : Optional.of(
              new IngestStatus(
                  ref,
                  data.size(),
                  number(read(directory, TOTAL)),
                  null,
                  started,
                  updated.isBefore(started) ? started : updated));
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  void setTotal(long total) {
    write(TOTAL, Long.toString(total));
  }

  /** Notes the time of the last write; nothing happens if the ingest is gone. */
  void setUpdatedAt(Instant time) {
    try {
      write(UPDATED, time.toString());
    } catch (ErrnoException e) {
      // Only the time of the last write is lost; the file's own time stands in for it.
    }
  }

  /** Takes the directory out of sight at once, then removes it. */
  void remove(Path scratch) {
    try {
      PathCalls.renameat2(Fd.CWD, RawPath.of(path), Fd.CWD, RawPath.of(scratch), 0);
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT)) {
        return;
      }
      throw e;
    }
    TreeRemover.remove(scratch);
  }

  private Fd open() {
    return PathCalls.open(path, OpenFlags.PATH | OpenFlags.DIRECTORY, 0);
  }

  private void write(RawPath name, String text) {
    try (Fd directory = open();
        Fd file = PathCalls.openat(directory, name, NEW, 0644)) {
      FileIo.writeFully(file, text.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** The text of a file, or nothing where there is none. */
  private static String read(Fd directory, RawPath name) {
    try (Fd file = PathCalls.openat(directory, name, OpenFlags.RDONLY | OpenFlags.NOFOLLOW, 0)) {
      return new String(FileIo.readAll(file, MAX_TEXT), StandardCharsets.UTF_8);
    } catch (ErrnoException e) {
      if (e.is(Errno.ENOENT)) {
        return "";
      }
      throw e;
    }
  }

  private static Instant time(String text, Instant otherwise) {
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      return otherwise;
    }
  }

  private static long number(String text) {
    try {
      return Math.max(0, Long.parseLong(text));
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
