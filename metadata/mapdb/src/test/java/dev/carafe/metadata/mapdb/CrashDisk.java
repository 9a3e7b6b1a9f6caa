package dev.carafe.metadata.mapdb;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Knows what a loss of power would leave. Tracks for every file what was forced and what was only
 * written, and for the directory which names were forced, and makes images of the directory as it
 * could be found afterwards.
 *
 * <p>What is not forced is lost or kept sector by sector, in any combination. A sector of 512 bytes
 * is written whole or not at all. Of creations, renames and deletions any may be lost.
 */
final class CrashDisk extends ForwardingDisk {
  private static final int SECTOR = 512;

  private final Runnable atCrashPoint;
  private Map<String, Content> names = new HashMap<>();
  private final List<Change> unforced = new ArrayList<>();
  private Map<String, Content> forced = new HashMap<>();
  private long points;

  /** A disk that calls {@code atCrashPoint} before and after each call that changes something. */
  CrashDisk(Runnable atCrashPoint) {
    this.atCrashPoint = atCrashPoint;
  }

  /** A disk that holds the files of a directory, forced. */
  static CrashDisk of(Path directory, Runnable atCrashPoint) throws IOException {
    var disk = new CrashDisk(atCrashPoint);
    for (Path path : Opening.list(directory)) {
      var content = new Content();
      content.written = Files.readAllBytes(path);
      content.forced = content.written;
      disk.names.put(name(path), content);
    }
    disk.forced = disk.names;
    return disk;
  }

  /**
   * A disk that holds the files of a directory, left by a process on this disk that was killed:
   * what that process had not forced is not forced.
   */
  synchronized CrashDisk afterKill(Path directory) throws IOException {
    CrashDisk next = of(directory, () -> {});
    next.names.forEach((name, content) -> {
      Content left = names.get(name);
      content.forced = left == null ? content.forced : left.forced.clone();
    });
    return next;
  }

  /** Whether a record is being written. */
  synchronized boolean isWritingRecord() {
    return names.values().stream().anyMatch(content -> content.to > content.from);
  }

  /** How a crash treats what was not forced. */
  enum Loss {
    /** The process was killed: the kernel has it all. */
    NONE,
    /** All is lost. */
    ALL,
    /** Each sector by chance. */
    SOME,
    /** The process was killed in the middle of a write: the kernel has it up to some byte. */
    PREFIX
  }

  private static final class Content {
    private byte[] forced = {};
    private byte[] written = {};
    private byte[] before = {};
    private int from;
    private int to;

    void begin(long position, byte[] bytes, int length) {
      before = written.clone();
      from = (int) position;
      to = from + length;
      write(position, bytes, length);
    }

    private byte[] prefix(Random random) {
      byte[] found = written.clone();
      for (int at = from + random.nextInt(to - from + 1); at < to; at++) {
        found[at] = at < before.length ? before[at] : 0;
      }
      return found;
    }

    void write(long position, byte[] bytes, int length) {
      int end = (int) position + length;
      if (end > written.length) {
        written = Arrays.copyOf(written, end);
      }
      System.arraycopy(bytes, 0, written, (int) position, length);
    }

    byte[] after(Loss loss, Random random) {
      return switch (loss) {
        case NONE -> written;
        case ALL -> forced;
        case SOME -> mixture(random);
        case PREFIX -> prefix(random);
      };
    }

    private byte[] mixture(Random random) {
      int shorter = Math.min(forced.length, written.length);
      int longer = Math.max(forced.length, written.length);
      int length = shorter + random.nextInt(longer - shorter + 1);
      byte[] mixed = Arrays.copyOf(forced, length);
      int share = 1 + random.nextInt(9);
      for (int at = 0; at < length; at += SECTOR) {
        int end = Math.min(length, at + SECTOR);
        if (random.nextInt(10) < share) {
          Arrays.fill(mixed, at, end, (byte) 0);
          if (at < written.length) {
            System.arraycopy(written, at, mixed, at, Math.min(end, written.length) - at);
          }
        }
      }
      return mixed;
    }
  }

  /** How many calls have been made. */
  synchronized long points() {
    return points;
  }

  private static String name(Path path) {
    return path.getFileName().toString();
  }

  @Override
  void before(Kind kind, Path path, long position, byte[] bytes, int length) {
    // A durable write is, until it returns, a write that is not forced.
    synchronized (this) {
      if (kind == Kind.WRITE_DURABLE) {
        names.get(name(path)).begin(position, bytes, length);
      }
    }
    crashPoint();
  }

  @Override
  void after(Kind kind, Path path, long position, byte[] bytes, int length) {
    synchronized (this) {
      String name = name(path);
      switch (kind) {
        case CREATE -> {
          var created = new Content();
          change(next -> next.put(name, created));
        }
        case WRITE -> names.get(name).write(position, bytes, length);
        case WRITE_DURABLE -> force(name);
        case TRUNCATE -> {
          Content content = names.get(name);
          content.written = Arrays.copyOf(content.written, (int) position);
        }
        case SYNC -> {
          names.get(name).written = read(path);
          force(name);
        }
        case SYNC_DIRECTORY -> {
          forced = names;
          unforced.clear();
        }
        case RENAME ->
            change(next -> {
              Content content = next.remove(name(Path.of(new String(bytes))));
              if (content != null) {
                next.put(name, content);
              }
            });
        case DELETE -> change(next -> next.remove(name));
      }
    }
    crashPoint();
  }

  private void crashPoint() {
    synchronized (this) {
      points++;
    }
    atCrashPoint.run();
  }

  /** Something that happens to the names in a directory. */
  private interface Change {
    void on(Map<String, Content> entries);
  }

  private void change(Change change) {
    var next = new HashMap<>(names);
    change.on(next);
    names = next;
    unforced.add(change);
  }

  private void force(String name) {
    Content content = names.get(name);
    content.forced = content.written.clone();
    content.from = 0;
    content.to = 0;
  }

  private static byte[] read(Path path) {
    try {
      return Files.readAllBytes(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes the files that are found after a crash at this moment. */
  synchronized void image(Path directory, Loss loss, Random random) throws IOException {
    Map<String, Content> entries =
        switch (loss) {
          case NONE, PREFIX -> names;
          case ALL -> forced;
          case SOME -> {
            var some = new HashMap<>(forced);
            for (Change change : unforced) {
              if (random.nextBoolean()) {
                change.on(some);
              }
            }
            yield some;
          }
        };
    for (Map.Entry<String, Content> entry : entries.entrySet()) {
      Files.write(directory.resolve(entry.getKey()), entry.getValue().after(loss, random));
    }
  }
}
