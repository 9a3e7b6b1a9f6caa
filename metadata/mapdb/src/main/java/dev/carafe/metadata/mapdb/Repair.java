package dev.carafe.metadata.mapdb;

import dev.carafe.spi.errors.DataLossException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Makes a damaged database one that opens, by giving up what lies behind the damage. */
final class Repair {
  private static final int ROOM = 64 << 10;

  private final Layout layout;
  private final Disk disk;
  private final PrintStream out;
  private @Nullable Path saved;

  Repair(Layout layout, Disk disk, PrintStream out) {
    this.layout = layout;
    this.disk = disk;
    this.out = out;
  }

  void run() throws IOException {
    Manifest manifest = manifest();
    if (manifest == null) {
      return;
    }
    try {
      Opening.openTable(layout, manifest);
    } catch (DataLossException e) {
      out.println(e.getMessage());
      out.println("a checkpoint cannot be mended: restore the directory from a copy");
      return;
    }
    JournalReader.Result journal = JournalReader.read(layout, manifest, new Replay());
    if (journal.damage().isPresent()) {
      cut(manifest, journal.damage().get(), journal.next() - 1);
    } else {
      out.println("journal: nothing to repair");
    }
  }

  private @Nullable Manifest manifest() throws IOException {
    if (Files.exists(layout.manifest())) {
      try {
        return Manifest.read(layout);
      } catch (DataLossException _) {
        save(layout.manifest());
      }
    }
    Manifest rebuilt = rebuilt();
    if (rebuilt == null) {
      out.println("manifest: neither a checkpoint nor a journal to rebuild it from");
      return null;
    }
    rebuilt.write(disk, layout);
    out.printf(
        "manifest: rebuilt, checkpoint %d, journal %d to %d%n",
        rebuilt.checkpoint(), rebuilt.firstSegment(), rebuilt.lastSegment());
    return rebuilt;
  }

  /** The choice of checkpoint and first segment that leads furthest, without damage if possible. */
  private @Nullable Manifest rebuilt() throws IOException {
    var databases = new LinkedHashSet<UUID>();
    var checkpoints = new TreeSet<Long>(Set.of(0L));
    var segments = new TreeSet<Long>();
    for (Path path : Opening.list(layout.directory())) {
      if (Layout.tableRevision(path).isPresent()) {
        Footer footer = Table.footer(path);
        if (footer != null) {
          databases.add(footer.database());
          checkpoints.add(footer.revision());
        }
      } else if (Layout.segmentNumber(path).isPresent()) {
        segments.add(Layout.segmentNumber(path).getAsLong());
        Segment.Head head = Segment.Head.decode(Segment.read(path));
        if (head != null) {
          databases.add(head.database());
        }
      }
    }
    if (segments.isEmpty()) {
      return null;
    }
    Manifest best = null;
    long bestScore = -1;
    for (UUID database : databases) {
      for (long checkpoint : checkpoints.descendingSet()) {
        for (long first : segments) {
          var candidate = new Manifest(database, checkpoint, first, segments.last());
          long score = score(candidate);
          if (score > bestScore) {
            best = candidate;
            bestScore = score;
          }
        }
      }
    }
    return best;
  }

  /** How far a manifest leads, or -1; what has no damage leads further than what has. */
  private long score(Manifest candidate) throws IOException {
    try {
      Opening.openTable(layout, candidate);
      JournalReader.Result journal = JournalReader.read(layout, candidate, (_, _) -> {});
      return (journal.damage().isEmpty() ? Long.MAX_VALUE / 2 : 0) + journal.next();
    } catch (DataLossException _) {
      return -1;
    }
  }

  private void cut(Manifest manifest, JournalReader.Damage damage, long kept) throws IOException {
    Path segment = layout.segment(damage.segment());
    for (long number = damage.segment(); number <= manifest.lastSegment(); number++) {
      if (Files.exists(layout.segment(number))) {
        save(layout.segment(number));
      }
    }
    var shorter =
        new Manifest(
            manifest.database(), manifest.checkpoint(), manifest.firstSegment(), damage.segment());
    shorter.write(disk, layout);
    if (damage.from() < Segment.START) {
      Segment.create(disk, layout, manifest.database(), damage.segment(), ROOM);
    } else {
      Segment.cut(disk, segment, damage.from());
      ByteBuffer bytes = Segment.read(segment);
      if (bytes.limit() < damage.from() + ROOM) {
        try (Disk.Output output = disk.openDurable(segment)) {
          byte[] zeros = new byte[ROOM];
          output.write(damage.from(), zeros, zeros.length);
        }
      }
    }
    Opening.removeLeftOvers(disk, layout, shorter);
    disk.syncDirectory(layout.directory());
    out.printf(
        "journal %d: cut at byte %d; everything up to revision %d is kept%n",
        damage.segment(), damage.from(), kept);
  }

  /** Copies a file to this repair's directory. */
  private void save(Path path) throws IOException {
    Path directory = saved;
    if (directory == null) {
      int number = 1;
      while (Files.exists(layout.damaged(number))) {
        number++;
      }
      directory = layout.damaged(number);
      Files.createDirectory(directory);
      saved = directory;
    }
    Path copy = directory.resolve(path.getFileName());
    Files.copy(path, copy, StandardCopyOption.COPY_ATTRIBUTES);
    disk.sync(copy);
    disk.syncDirectory(directory);
    disk.syncDirectory(layout.directory());
    out.printf("saved %s%n", copy);
  }
}
