package dev.carafe.metadata;

import dev.carafe.engine.stores.GarbageCollector.MutationListener;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.metadata.MetadataDatabase;
import dev.carafe.spi.metadata.ReadTransaction;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The database, with what belongs to a change: events and listeners after the commit, back end
 * objects that became garbage, and, while a collection runs, the objects that it must spare.
 */
final class Ledger {
  private static final Logger log = LoggerFactory.getLogger(Ledger.class);

  private final MetadataDatabase database;
  private final EventBus events;
  private final BackendGarbage garbage;
  private final Clock clock;
  private final List<MutationListener> listeners = new CopyOnWriteArrayList<>();

  /** Touched objects in the order of their transactions; null while no collection runs. */
  private volatile @Nullable Queue<Node> touched;

  Ledger(MetadataDatabase database, EventBus events, BackendGarbage garbage, Clock clock) {
    this.database = database;
    this.events = events;
    this.garbage = garbage;
    this.clock = clock;
  }

  Instant now() {
    return clock.instant();
  }

  void onMutation(MutationListener listener) {
    listeners.add(listener);
  }

  /** Reads the latest durable state. */
  <T extends @Nullable Object> T view(Function<ReadTransaction, T> work) {
    return database.view(work);
  }

  /** Changes the state; durable on return, then told to listeners and subscribers. */
  <T extends @Nullable Object> T change(Function<Change, T> work) {
    return run(true, work);
  }

  /** A change of the daemon's own: no listener hears of it, and no collection spares anything. */
  <T extends @Nullable Object> T maintain(Function<Change, T> work) {
    return run(false, work);
  }

  private <T extends @Nullable Object> T run(boolean told, Function<Change, T> work) {
    return database.update(tx -> {
      Change change = new Change(tx, told ? touched : null, clock.instant());
      T result = work.apply(change);
      tx.afterCommit(() -> committed(change, told));
      return result;
    });
  }

  /**
   * Begins to record touched objects, in a transaction that changes nothing: every one before it is
   * visible to a view that begins after this returns, and every one after it records. Needs no
   * space on the disk.
   */
  Queue<Node> beginRecording() {
    Queue<Node> recording = new ConcurrentLinkedQueue<>();
    maintain(_ -> {
      touched = recording;
      return null;
    });
    return recording;
  }

  void endRecording() {
    touched = null;
  }

  /** Publishes, and logs where that does not work: the change is durable all the same. */
  private void publish(List<Envelope> envelopes) {
    if (envelopes.isEmpty()) {
      return;
    }
    try {
      events.publishAll(envelopes);
    } catch (RuntimeException e) {
      Envelope first = envelopes.getFirst();
      log.warn(
          "event {} of namespace {} is lost, and {} more may be",
          first.topic(),
          first.namespace(),
          envelopes.size() - 1,
          e);
    }
  }

  private void committed(Change change, boolean told) {
    garbage.add(change.garbage());
    publish(change.events());
    if (!told) {
      return;
    }
    for (MutationListener listener : listeners) {
      try {
        listener.mutated(change.deletion());
      } catch (RuntimeException e) {
        log.warn("a listener for changes failed", e);
      }
    }
  }
}
