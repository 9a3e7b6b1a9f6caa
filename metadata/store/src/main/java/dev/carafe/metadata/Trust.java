package dev.carafe.metadata;

import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.metadata.ReadTransaction;
import dev.carafe.spi.snapshots.Snapshotter;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the database is the one that the back ends were filled under. One that was replaced, or
 * rolled back to an older state, knows nothing of what came later, and to it all that is garbage.
 * So nothing is removed from any back end from the moment that this is suspected until the operator
 * says that the database is right.
 */
final class Trust {
  private static final Logger log = LoggerFactory.getLogger(Trust.class);

  private final Ledger ledger;
  private final Watermark watermark;
  private volatile Optional<String> suspicion;

  private Trust(Ledger ledger, Watermark watermark, Optional<String> suspicion) {
    this.ledger = ledger;
    this.watermark = watermark;
    this.suspicion = suspicion;
  }

  /**
   * Compares the database with the watermark, and if it is new with the back ends.
   *
   * @param isNew whether the schema was just created
   * @param trusted whether the operator vouches for the database: suspicions are forgotten
   */
  static Trust open(
      Ledger ledger,
      Watermark watermark,
      Sequences sequences,
      ContentStore content,
      Map<String, Snapshotter> snapshotters,
      boolean isNew,
      boolean trusted) {
    Optional<String> known = ledger.view(tx -> Optional.ofNullable(Facts.text(tx, Facts.SUSPECT)));
    Trust trust = new Trust(ledger, watermark, known);
    if (trusted) {
      trust.forget();
    } else if (known.isEmpty()) {
      String reason = trust.reason(isNew, content, snapshotters);
      if (reason != null) {
        trust.suspect(reason);
      }
    }
    if (trust.suspicion.isPresent()) {
      sequences.skipTo(highest(content, snapshotters));
      log.error(
          "the database may be older than the back ends, from which nothing is removed now: {}."
              + " If the database is right, start once with trust_database = true",
          trust.suspicion.get());
    }
    trust.advance();
    return trust;
  }

  boolean mayDelete() {
    return suspicion.isEmpty();
  }

  /** Why nothing is removed from back ends; empty if it is. */
  Optional<String> suspicion() {
    return suspicion;
  }

  /** Removes nothing from back ends any more, now and after restarts. */
  void suspect(String reason) {
    log.error("nothing is removed from back ends any more: {}", reason);
    suspicion = Optional.of(reason);
    ledger.maintain(change -> {
      Facts.setText(change.tx(), Facts.SUSPECT, reason);
      return null;
    });
  }

  /**
   * Moves the watermark to where the database is. If that cannot be done, on a full disk for
   * example, an older state passes for the latest, and nothing else is wrong.
   */
  void advance() {
    try {
      watermark.write(ledger.view(Trust::mark));
    } catch (UncheckedIOException | DaemonException e) {
      log.warn("the watermark stays where it is: {}", e.getMessage());
    }
  }

  private void forget() {
    suspicion.ifPresent(
        reason -> log.warn("on the operator's word it does not matter that {}", reason));
    suspicion = Optional.empty();
    ledger.maintain(change -> {
      var facts = change.tx().bucket(Schema.FACTS);
      return facts != null && facts.delete(Facts.SUSPECT);
    });
  }

  private @Nullable String reason(
      boolean isNew, ContentStore content, Map<String, Snapshotter> snapshotters) {
    Watermark.Mark last = watermark.read();
    Watermark.Mark now = ledger.view(Trust::mark);
    if (last != null && !last.database().equals(now.database())) {
      return watermark.file() + " belongs to another database";
    }
    if (last != null && last.revision() > now.revision()) {
      return "the database is at revision " + now.revision() + " and was at " + last.revision();
    }
    if (isNew) {
      List<String> filled = filled(content, snapshotters);
      if (!filled.isEmpty()) {
        return "the database is new and there is something in " + String.join(", ", filled);
      }
    }
    return null;
  }

  private static Watermark.Mark mark(ReadTransaction tx) {
    String id = Facts.text(tx, Facts.ID);
    return new Watermark.Mark(id == null ? "" : id, tx.revision());
  }

  /** What one that does not answer in time has shown by then counts too. */
  private static List<String> filled(ContentStore content, Map<String, Snapshotter> snapshotters) {
    Map<String, AtomicLong> counts = new LinkedHashMap<>();
    Map<String, Runnable> questions = new LinkedHashMap<>();
    AtomicLong blobs = new AtomicLong();
    counts.put("the content store", blobs);
    questions.put(
        "the content store",
        () -> {
          content.forEachBlob(_ -> blobs.incrementAndGet());
          blobs.addAndGet(content.ingests().size());
        });
    snapshotters.forEach((name, snapshotter) -> {
      AtomicLong count = new AtomicLong();
      counts.put("snapshotter " + name, count);
      questions.put("snapshotter " + name, () -> snapshotter.forEach(_ -> count.incrementAndGet()));
    });
    BackendSurvey.ask(questions)
        .forEach((name, why) ->
            log.warn("nobody knows whether there is something in {}: {}", name, why));
    return counts.entrySet().stream()
        .filter(count -> count.getValue().get() > 0)
        .map(Map.Entry::getKey)
        .toList();
  }

  /** The highest number in any name in a back end. */
  private static long highest(ContentStore content, Map<String, Snapshotter> snapshotters) {
    AtomicLong highest = new AtomicLong();
    Map<String, Runnable> questions = new LinkedHashMap<>();
    questions.put(
        "the content store",
        () -> content.ingests().forEach(ingest -> raise(highest, ingest.ref())));
    snapshotters.forEach((name, snapshotter) ->
        questions.put(
            "snapshotter " + name,
            () -> snapshotter.forEach(snapshot -> raise(highest, snapshot.key().value()))));
    BackendSurvey.ask(questions)
        .forEach(
            (name, why) -> log.warn("numbers that {} knows may be given again: {}", name, why));
    return highest.get();
  }

  private static void raise(AtomicLong highest, String backendName) {
    Sequences.numberOf(backendName)
        .ifPresent(number -> highest.accumulateAndGet(number, Math::max));
  }
}
