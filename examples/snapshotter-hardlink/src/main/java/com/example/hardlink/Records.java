package com.example.hardlink;

import dev.carafe.spi.snapshots.Snapshot;
import dev.carafe.spi.snapshots.SnapshotKey;
import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What is on disk, one directory for each snapshot:
 *
 * <pre>
 *   snapshots/NUMBER/fs        the files
 *   snapshots/NUMBER/record    key, kind, parent, labels, times; without it there is no snapshot
 * </pre>
 *
 * A record is replaced in one step, so that a crash leaves the old one or the new one.
 */
final class Records {
  /** A snapshot and its directory's number, which never changes. */
  record Entry(long number, Snapshot snapshot) {
    Entry withLabels(Map<String, String> labels) {
      Instant now = Instant.now();
      return new Entry(
          number,
          switch (snapshot) {
            case Snapshot.Active s ->
                new Snapshot.Active(s.key(), s.parent(), labels, s.createdAt(), now);
            case Snapshot.View s ->
                new Snapshot.View(s.key(), s.parent(), labels, s.createdAt(), now);
            case Snapshot.Committed s ->
                new Snapshot.Committed(s.key(), s.parent(), labels, s.createdAt(), now);
          });
    }
  }

  private static final String LABEL = "label.";

  private final Path directory;

  private Records(Path directory) {
    this.directory = directory;
  }

  static Records open(Path directory) throws IOException {
    return new Records(Files.createDirectories(directory));
  }

  private Path at(long number) {
    return directory.resolve(Long.toString(number));
  }

  Path files(long number) {
    return at(number).resolve("fs");
  }

  /** A name beside the files, for links in the making. */
  Path spare(long number) {
    return at(number).resolve("spare");
  }

  /** Makes an empty directory of files. */
  Path create(long number) throws IOException {
    Files.createDirectory(at(number));
    Path files = Files.createDirectory(files(number));
    return Files.setPosixFilePermissions(files, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  void write(Entry entry) throws IOException {
    Snapshot snapshot = entry.snapshot();
    Properties text = new Properties();
    text.setProperty("key", snapshot.key().value());
    text.setProperty("kind", snapshot.getClass().getSimpleName());
    if (snapshot.parent() != null) {
      text.setProperty("parent", snapshot.parent().value());
    }
    text.setProperty("created", snapshot.createdAt().toString());
    text.setProperty("updated", snapshot.updatedAt().toString());
    snapshot.labels().forEach((name, value) -> text.setProperty(LABEL + name, value));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    text.store(bytes, null);

    Path written = at(entry.number()).resolve("record.new");
    // No channel: an interrupt would close it, and leave nobody knows what.
    try (FileOutputStream file = new FileOutputStream(written.toFile())) {
      file.write(bytes.toByteArray());
      file.getFD().sync();
    }
    Files.move(written, at(entry.number()).resolve("record"), StandardCopyOption.ATOMIC_MOVE);
    force(at(entry.number()));
    force(directory);
  }

  /** From here on there is no such snapshot. */
  void forget(long number) throws IOException {
    Files.delete(at(number).resolve("record"));
    force(at(number));
  }

  void delete(long number) throws IOException {
    Trees.delete(at(number));
  }

  /** Deletes directories below {@code end} that are none of the known. */
  void deleteUnknown(Set<Long> known, long end) throws IOException {
    for (long number : numbers()) {
      if (number < end && !known.contains(number)) {
        delete(number);
      }
    }
  }

  long highest() throws IOException {
    return numbers().stream().mapToLong(number -> number).max().orElse(0);
  }

  List<Entry> readAll() throws IOException {
    List<Entry> entries = new ArrayList<>();
    for (long number : numbers()) {
      Path record = at(number).resolve("record");
      if (Files.exists(record)) {
        entries.add(new Entry(number, read(record)));
      }
    }
    return entries;
  }

  private List<Long> numbers() throws IOException {
    try (Stream<Path> found = Files.list(directory)) {
      return found
          .map(path -> path.getFileName().toString())
          .filter(name -> name.matches("[0-9]{1,18}"))
          .map(Long::valueOf)
          .toList();
    }
  }

  private static Snapshot read(Path record) throws IOException {
    Properties text = new Properties();
    try (InputStream in = Files.newInputStream(record)) {
      text.load(in);
    }
    Map<String, String> labels = new HashMap<>();
    for (String name : text.stringPropertyNames()) {
      if (name.startsWith(LABEL)) {
        labels.put(name.substring(LABEL.length()), text.getProperty(name));
      }
    }
    SnapshotKey key = new SnapshotKey(text.getProperty("key"));
    String above = text.getProperty("parent");
    SnapshotKey parent = above == null ? null : new SnapshotKey(above);
    Instant created = Instant.parse(text.getProperty("created"));
    Instant updated = Instant.parse(text.getProperty("updated"));
    return switch (text.getProperty("kind")) {
      case "Active" -> new Snapshot.Active(key, parent, labels, created, updated);
      case "View" -> new Snapshot.View(key, parent, labels, created, updated);
      case "Committed" -> new Snapshot.Committed(key, parent, labels, created, updated);
      default -> throw new IOException(record + " is damaged");
    };
  }

  /** Forces a directory to the medium; an interrupt meanwhile is kept for later. */
  private static void force(Path directory) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try (FileChannel opened = FileChannel.open(directory, StandardOpenOption.READ)) {
          opened.force(true);
          return;
        } catch (ClosedByInterruptException e) {
          interrupted |= Thread.interrupted();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
