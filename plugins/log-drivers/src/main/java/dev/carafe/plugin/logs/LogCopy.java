package dev.carafe.plugin.logs;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.carafe.spi.logs.LogLine;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Set;

/**
 * One container's lines in a file. Before lines are added, their number and the file's length are
 * written down beside it: whoever goes on after a kill in the middle cuts the file back to that
 * length, and leaves out what comes again.
 */
final class LogCopy {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSSSS'Z'").withZone(ZoneOffset.UTC);
  private static final FileAttribute<?> DIRECTORY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-x---"));
  private static final FileAttribute<?> FILE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r-----"));
  private static final Set<OpenOption> APPEND =
      Set.of(
          StandardOpenOption.CREATE,
          StandardOpenOption.WRITE,
          StandardOpenOption.APPEND,
          LinkOption.NOFOLLOW_LINKS);
  private static final long UNKNOWN = -1;

  private final Path file;
  private final long maxSize;
  private final int maxFiles;
  private long next = UNKNOWN;

  LogCopy(Path file, long maxSize, int maxFiles) {
    this.file = file;
    this.maxSize = maxSize;
    this.maxFiles = maxFiles;
  }

  /** Adds lines, but for those that are there. */
  synchronized void add(long first, List<LogLine> lines) throws IOException {
    Files.createDirectories(file.getParent(), DIRECTORY);
    if (next == UNKNOWN) {
      next = repaired(first);
    }
    int known = (int) Math.max(0, Math.min(next - first, lines.size()));
    if (known == lines.size()) {
      return;
    }
    if (size() >= maxSize) {
      rotate();
    }
    mark(first + known, size());
    byte[] bytes = format(lines.subList(known, lines.size()));
    try (FileChannel out = FileChannel.open(file, APPEND, FILE)) {
      ByteBuffer left = ByteBuffer.wrap(bytes);
      while (left.hasRemaining()) {
        out.write(left);
      }
    }
    next = first + lines.size();
  }

  /** The number of the line that comes next, when what was cut off has been taken back. */
  private long repaired(long first) throws IOException {
    String[] marked;
    try {
      marked = Files.readString(marks()).trim().split(" ", -1);
    } catch (NoSuchFileException e) {
      return first;
    }
    if (marked.length != 2 || !marked[0].matches("\\d{1,18}") || !marked[1].matches("\\d{1,18}")) {
      return first;
    }
    long number = Long.parseLong(marked[0]);
    long length = Long.parseLong(marked[1]);
    if (number < first) {
      return first;
    }
    if (length < size()) {
      try (FileChannel out =
          FileChannel.open(file, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
        out.truncate(length);
      }
    }
    return number;
  }

  private void mark(long number, long length) throws IOException {
    Path fresh = marks().resolveSibling(marks().getFileName() + ".new");
    Files.writeString(fresh, number + " " + length + "\n");
    Files.move(fresh, marks(), StandardCopyOption.ATOMIC_MOVE);
  }

  private Path marks() {
    return file.resolveSibling("." + file.getFileName() + ".position");
  }

  private long size() throws IOException {
    try {
      return Files.size(file);
    } catch (NoSuchFileException e) {
      return 0;
    }
  }

  private void rotate() throws IOException {
    Files.deleteIfExists(old(maxFiles - 1));
    for (int i = maxFiles - 1; i > 0; i--) {
      Path younger = old(i - 1);
      if (Files.exists(younger, LinkOption.NOFOLLOW_LINKS)) {
        Files.move(younger, old(i), StandardCopyOption.ATOMIC_MOVE);
      }
    }
  }

  private Path old(int number) {
    return number == 0 ? file : file.resolveSibling(file.getFileName() + "." + number);
  }

  /** No more comes. */
  synchronized void end() {
    try {
      Files.deleteIfExists(marks());
    } catch (IOException e) {
      // It does no harm: the next container has another name.
      next = UNKNOWN;
    }
  }

  private static byte[] format(List<LogLine> lines) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (LogLine line : lines) {
      out.writeBytes(TIME.format(line.time()).getBytes(US_ASCII));
      out.writeBytes((line.stderr() ? " stderr " : " stdout ").getBytes(US_ASCII));
      out.writeBytes((line.partial() ? "P " : "F ").getBytes(US_ASCII));
      out.writeBytes(line.text());
      out.write('\n');
    }
    return out.toByteArray();
  }
}
