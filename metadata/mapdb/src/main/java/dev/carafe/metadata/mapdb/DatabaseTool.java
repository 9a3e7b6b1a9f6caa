package dev.carafe.metadata.mapdb;

import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.UnavailableException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What {@code carafed db check} and {@code carafed db repair} do with the directory of a database
 * ({@link MapdbFactory#directory}) that no daemon has open.
 */
public final class DatabaseTool {
  private DatabaseTool() {}

  /**
   * Reads every byte and prints what was found. Changes nothing.
   *
   * @return whether the daemon would start on it with nothing lost
   * @throws dev.carafe.spi.errors.FailedPreconditionException if the database is open
   * @throws UnavailableException if the disk refuses
   */
  public static boolean check(Path directory, PrintStream out) {
    return locked(directory, layout -> check(layout, out));
  }

  /**
   * Cuts the journal at the first record that cannot be used, and rebuilds a manifest that cannot
   * be read. What is cut or replaced is copied to {@code damaged-N} beside it first. Changes
   * nothing where nothing is damaged. A damaged checkpoint cannot be mended.
   *
   * @return whether the daemon will start on it now
   * @throws dev.carafe.spi.errors.FailedPreconditionException if the database is open
   * @throws UnavailableException if the disk refuses
   */
  public static boolean repair(Path directory, PrintStream out) {
    return locked(
        directory,
        layout -> {
          new Repair(layout, new SystemDisk(), out).run();
          return check(layout, out);
        });
  }

  private interface Work {
    boolean on(Layout layout) throws IOException;
  }

  private static boolean locked(Path directory, Work work) {
    if (!Files.isDirectory(directory)) {
      throw new UnavailableException("metadata database %s: no directory".formatted(directory));
    }
    var layout = new Layout(directory);
    try (var _ = DirectoryLock.acquire(layout)) {
      return work.on(layout);
    } catch (IOException e) {
      throw new UnavailableException(
          "metadata database %s: %s".formatted(directory, e.getMessage()), e);
    }
  }

  private static boolean check(Layout layout, PrintStream out) throws IOException {
    out.println("metadata database " + layout.directory());
    if (!Files.exists(layout.manifest())) {
      out.println("manifest: missing");
      return false;
    }
    try {
      Manifest manifest = Manifest.read(layout);
      out.printf(
          "manifest: ok, database %s, checkpoint %d, journal %d to %d%n",
          manifest.database(),
          manifest.checkpoint(),
          manifest.firstSegment(),
          manifest.lastSegment());
      return checkContent(layout, manifest, out);
    } catch (DataLossException e) {
      out.println(e.getMessage());
      return false;
    }
  }

  private static boolean checkContent(Layout layout, Manifest manifest, PrintStream out)
      throws IOException {
    Table table = Opening.openTable(layout, manifest);
    if (table != null) {
      out.printf("checkpoint: ok, %d bytes%n", table.length());
    }
    var replay = new Replay();
    JournalReader.Result journal = JournalReader.read(layout, manifest, replay);
    out.printf("journal: %d records, %d bytes of changes%n", replay.records(), replay.bytes());
    for (JournalReader.Cut cut : journal.cuts()) {
      out.printf(
          "journal %d: unfinished write at byte %d: the next start cuts it%n",
          cut.segment(), cut.from());
    }
    if (journal.damage().isPresent()) {
      JournalReader.Damage damage = journal.damage().get();
      out.printf(
          "journal %d: bad record at byte %d (revision %d), %s: %s%n",
          damage.segment(),
          damage.from(),
          journal.next(),
          damage.following() ? "valid records behind it" : "not an unfinished write",
          damage.reason());
      return false;
    }
    countEntries(new State(replay.overlay(), table, journal.next() - 1), out);
    return true;
  }

  private static void countEntries(State state, PrintStream out) {
    long values = 0;
    long buckets = 0;
    long bytes = 0;
    for (State.Walk walk = state.from(new byte[0]); walk.next(); ) {
      Entry entry = walk.entry();
      bytes += walk.key().length + entry.size();
      if (entry instanceof Entry.Child) {
        buckets++;
      } else {
        values++;
      }
    }
    out.printf(
        "content: ok, revision %d, %d buckets, %d values, %d bytes%n",
        state.revision(), buckets, values, bytes);
  }
}
