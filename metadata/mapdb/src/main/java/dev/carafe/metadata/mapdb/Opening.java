package dev.carafe.metadata.mapdb;

import dev.carafe.spi.errors.DataLossException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** From the files to a state: checkpoint, journal, torn tail, left-overs. */
final class Opening {
  private static final Logger log = LoggerFactory.getLogger(Opening.class);

  private final Layout layout;
  private final MapdbConfig config;
  private final Disk disk;

  Opening(Layout layout, MapdbConfig config, Disk disk) {
    this.layout = layout;
    this.config = config;
    this.disk = disk;
  }

  /**
   * What was found.
   *
   * @param segment where the journal goes on
   * @param olderBytes size of the segments before it
   * @param cleanEnd whether the journal ends with the mark of an orderly run
   */
  record Result(
      State state, Manifest manifest, Segment segment, long olderBytes, boolean cleanEnd) {}

  static void createDirectory(Disk disk, Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      Path parent = directory.toAbsolutePath().getParent();
      if (parent != null) {
        disk.syncDirectory(parent);
      }
    }
  }

  Result open() throws IOException {
    Manifest manifest = Files.exists(layout.manifest()) ? Manifest.read(layout) : create();
    Table table = openTable(layout, manifest);
    var replay = new Replay();
    JournalReader.Result journal = JournalReader.read(layout, manifest, replay);
    if (journal.damage().isPresent()) {
      throw damaged(journal.next(), journal.damage().get());
    }
    for (JournalReader.Cut cut : journal.cuts()) {
      log.warn(
          "metadata database {}: journal segment {} ends with an unfinished write at byte {}: cut",
          layout.directory(),
          cut.segment(),
          cut.from());
      Segment.cut(disk, layout.segment(cut.segment()), cut.from());
    }
    makeDurable(manifest);
    removeLeftOvers(disk, layout, manifest);
    Segment segment = Segment.open(disk, layout.segment(manifest.lastSegment()), journal.end());
    return new Result(
        new State(replay.overlay(), table, journal.next() - 1),
        manifest,
        segment,
        sizeOfOlder(manifest),
        journal.closed());
  }

  /** Forces what a process that was killed had written and not forced: it will be shown. */
  private void makeDurable(Manifest manifest) throws IOException {
    for (long number = manifest.firstSegment(); number <= manifest.lastSegment(); number++) {
      disk.sync(layout.segment(number));
    }
    disk.syncDirectory(layout.directory());
  }

  private DataLossException damaged(long revision, JournalReader.Damage damage) {
    return new DataLossException(
        "metadata database %s: %s: bad record at byte %d (revision %d), %s: %s; run: %s"
            .formatted(
                layout.directory(),
                layout.segment(damage.segment()).getFileName(),
                damage.from(),
                revision,
                damage.following() ? "valid records behind it" : "not an unfinished write",
                damage.reason(),
                layout.repairCommand()));
  }

  static @Nullable Table openTable(Layout layout, Manifest manifest) throws IOException {
    if (manifest.checkpoint() == 0) {
      return null;
    }
    Path path = layout.table(manifest.checkpoint());
    if (!Files.exists(path)) {
      throw new DataLossException("checkpoint " + path + ": file is missing");
    }
    return Table.open(path, manifest.database(), manifest.checkpoint());
  }

  /**
   * Begins a new database. A manifest is the last thing that a creation writes, so without one
   * there may be an unused first segment, and nothing else.
   */
  private Manifest create() throws IOException {
    for (Path path : list(layout.directory())) {
      if (Layout.tableRevision(path).isPresent()
          || (Layout.segmentNumber(path).isPresent() && !isUnused(path))) {
        throw new DataLossException(
            "metadata database %s: manifest is missing; run: %s"
                .formatted(layout.directory(), layout.repairCommand()));
      }
    }
    var manifest = new Manifest(newIdentity(), 0, 1, 1);
    Segment.create(disk, layout, manifest.database(), 1, config.extentBytes());
    manifest.write(disk, layout);
    return manifest;
  }

  /** Tells databases apart; not a secret, so without the cost of a secure generator. */
  private static UUID newIdentity() {
    var random = ThreadLocalRandom.current();
    return new UUID(random.nextLong(), random.nextLong());
  }

  private static boolean isUnused(Path segment) throws IOException {
    ByteBuffer bytes = Segment.read(segment);
    return Segment.Head.decode(bytes) != null && Frame.isZero(bytes, Segment.START, bytes.limit());
  }

  /** Removes what the manifest does not name: unfinished files, and those a checkpoint replaced. */
  static void removeLeftOvers(Disk disk, Layout layout, Manifest manifest) throws IOException {
    for (Path path : list(layout.directory())) {
      var table = Layout.tableRevision(path);
      var segment = Layout.segmentNumber(path);
      if (Layout.isTemporary(path)
          || (table.isPresent() && table.getAsLong() != manifest.checkpoint())
          || (segment.isPresent()
              && (segment.getAsLong() < manifest.firstSegment()
                  || segment.getAsLong() > manifest.lastSegment()))) {
        disk.deleteIfExists(path);
      }
    }
  }

  private long sizeOfOlder(Manifest manifest) throws IOException {
    long sum = 0;
    for (long number = manifest.firstSegment(); number < manifest.lastSegment(); number++) {
      sum += Files.size(layout.segment(number));
    }
    return sum;
  }

  static List<Path> list(Path directory) throws IOException {
    try (var paths = Files.list(directory)) {
      return paths.toList();
    }
  }
}
