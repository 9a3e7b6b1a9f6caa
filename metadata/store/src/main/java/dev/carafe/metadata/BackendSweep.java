package dev.carafe.metadata;

import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes from one back end what the database does not know any more. The first run, and any after
 * a failure, compares everything; others look at what became garbage since.
 *
 * <p>What makes a removal safe, in this order: the back end is listed; what is pinned then is left
 * alone (an operation pins before it makes something in a back end, and unpins after its record is
 * durable); what the database knows then is left alone; the object is claimed, so that nobody pins
 * it; and what was taken over meanwhile is left alone.
 *
 * <p>A back end that hangs or fails again and again is left alone for a while, longer each time.
 */
abstract sealed class BackendSweep permits ContentSweep, SnapshotSweep {
  private static final Logger log = LoggerFactory.getLogger(BackendSweep.class);
  private static final int MAX_FAILURES = 8;
  private static final int AT_ONCE = 250;
  private static final Duration FIRST_REST = Duration.ofSeconds(10);
  private static final Duration LONGEST_REST = Duration.ofHours(1);
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final String name;
  private final BackendGarbage garbage;
  private final Pins pins;
  private final Trust trust;
  private final KeyLocks running = new KeyLocks();
  private final Set<BackendGarbage.Item> stuck = new HashSet<>();
  private boolean compareAll = true;
  private int badRuns;
  private long restUntil;
  private volatile long lastStep = System.nanoTime();

  BackendSweep(String name, BackendGarbage garbage, Pins pins, Trust trust) {
    this.name = name;
    this.garbage = garbage;
    this.pins = pins;
    this.trust = trust;
  }

  /** When the back end last did something, as {@link System#nanoTime}. */
  final long lastStep() {
    return lastStep;
  }

  /** It does something now. */
  final void step() {
    lastStep = System.nanoTime();
  }

  /** {@link BackendGarbage#CONTENT_STORE} or a snapshotter's name. */
  final String name() {
    return name;
  }

  /** Everything that the back end has; children before parents. */
  abstract List<BackendGarbage.Item> list();

  /**
   * Takes out of {@code items} what the database knows.
   *
   * @return the items that it does not know
   */
  abstract List<BackendGarbage.Item> unknown(List<BackendGarbage.Item> items);

  /** Those that the database has come to know since {@link #unknown}; all are claimed. */
  abstract Set<BackendGarbage.Item> knownNow(List<BackendGarbage.Item> items);

  /** Whether the back end removes many such items in one call, in any order. */
  abstract boolean goesWithOthers(BackendGarbage.Item item);

  /** Removes items that go with others; those that are gone already are no failure. */
  abstract void removeTogether(List<BackendGarbage.Item> items);

  /** Removes an item from the back end. */
  abstract void remove(BackendGarbage.Item item);

  /** Whether the back end's name of an item shows that the database is older than the back end. */
  abstract boolean isFromTheFuture(BackendGarbage.Item item);

  /**
   * Removes what is to be removed, unless the back end rests. Never throws for a failure of the
   * back end.
   *
   * @return how many objects went
   */
  final int run() {
    try (var _ = running.acquire(Set.of("sweep of " + name), PATIENCE)) {
      if (restUntil != 0 && System.nanoTime() - restUntil < 0) {
        return 0;
      }
      return runNow();
    }
  }

  private int runNow() {
    boolean all = compareAll;
    List<BackendGarbage.Item> taken = garbage.take(name);
    List<BackendGarbage.Item> candidates = taken;
    if (!trust.mayDelete()) {
      return 0;
    }
    try {
      if (all) {
        candidates = list();
      }
      step();
      retryStuck();
      step();
      Set<Object> pinned = pins.pinned();
      List<BackendGarbage.Item> unknown =
          unknown(candidates.stream().filter(item -> !pinned.contains(item)).toList());
      garbage.add(taken.stream().filter(pinned::contains).toList());
      if (all && unknown.stream().anyMatch(this::isFromTheFuture)) {
        trust.suspect(name + " holds objects with numbers that the database has not given yet");
        return 0;
      }
      int removed = removeAll(unknown);
      compareAll = false;
      badRuns = 0;
      restUntil = 0;
      return removed;
    } catch (CancelledException | CancellationException e) {
      // The collection was given up.
      compareAll = true;
      return 0;
    } catch (RuntimeException e) {
      compareAll = true;
      rest(e);
      return 0;
    }
  }

  private int removeAll(Collection<BackendGarbage.Item> items) {
    List<BackendGarbage.Item> open = new ArrayList<>();
    int removed = removeTogether(items, open);
    int failures = 0;
    while (!open.isEmpty()) {
      List<BackendGarbage.Item> parents = new ArrayList<>();
      int before = removed;
      for (BackendGarbage.Item item : open) {
        if (Thread.currentThread().isInterrupted()) {
          throw new CancellationException();
        }
        step();
        try {
          if (removeOne(item)) {
            removed++;
          }
        } catch (FailedPreconditionException e) {
          parents.add(item);
        } catch (DeadlineExceededException | CancelledException e) {
          throw e;
        } catch (DaemonException e) {
          garbage.add(List.of(item));
          log.warn("{}: {} stays for now: {}", label(), item, e.getMessage());
          if (++failures >= MAX_FAILURES) {
            throw e;
          }
        }
      }
      if (removed == before) {
        // Something that is in use stands on them.
        garbage.add(parents);
        return removed;
      }
      open = parents;
    }
    return removed;
  }

  /**
   * Removes in few calls what goes with others, and adds to {@code open} what is left to be removed
   * one by one.
   */
  private int removeTogether(
      Collection<BackendGarbage.Item> items, List<BackendGarbage.Item> open) {
    int removed = 0;
    List<BackendGarbage.Item> batch = new ArrayList<>();
    for (BackendGarbage.Item item : items) {
      if (goesWithOthers(item)) {
        batch.add(item);
      } else {
        open.add(item);
      }
      if (batch.size() == AT_ONCE) {
        removed += removeBatch(batch, open);
        batch.clear();
      }
    }
    return removed + removeBatch(batch, open);
  }

  private int removeBatch(List<BackendGarbage.Item> batch, List<BackendGarbage.Item> open) {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException();
    }
    step();
    List<BackendGarbage.Item> claimed = new ArrayList<>();
    for (BackendGarbage.Item item : batch) {
      (pins.claim(item) ? claimed : open).add(item);
    }
    if (claimed.isEmpty()) {
      return 0;
    }
    boolean keepClaims = false;
    List<BackendGarbage.Item> garbageStill = List.of();
    try {
      Set<BackendGarbage.Item> known = knownNow(claimed);
      garbageStill = claimed.stream().filter(item -> !known.contains(item)).toList();
      removeTogether(garbageStill);
      return garbageStill.size();
    } catch (DeadlineExceededException | CancelledException e) {
      keepClaims = true;
      stuck.addAll(garbageStill);
      throw e;
    } catch (DaemonException e) {
      // One by one it is seen which of them it is.
      open.addAll(garbageStill);
      return 0;
    } finally {
      List<BackendGarbage.Item> kept = keepClaims ? garbageStill : List.of();
      claimed.stream().filter(item -> !kept.contains(item)).forEach(pins::unclaim);
    }
  }

  private boolean removeOne(BackendGarbage.Item item) {
    if (!pins.claim(item)) {
      garbage.add(List.of(item));
      return false;
    }
    boolean keepClaim = false;
    try {
      if (!knownNow(List.of(item)).isEmpty()) {
        return false;
      }
      remove(item);
      return true;
    } catch (NotFoundException e) {
      return false;
    } catch (DeadlineExceededException | CancelledException e) {
      // The call may still remove it at any time: nobody may make it again before that is known.
      keepClaim = true;
      stuck.add(item);
      throw e;
    } finally {
      if (!keepClaim) {
        pins.unclaim(item);
      }
    }
  }

  /** Removals that were given up while they ran: those that have an outcome now are let go. */
  private void retryStuck() {
    for (BackendGarbage.Item item : List.copyOf(stuck)) {
      try {
        remove(item);
      } catch (NotFoundException | FailedPreconditionException e) {
        // An outcome as well.
      }
      stuck.remove(item);
      pins.unclaim(item);
    }
  }

  private void rest(RuntimeException cause) {
    badRuns++;
    Duration rest = FIRST_REST.multipliedBy(1L << Math.min(badRuns - 1, 20));
    if (rest.compareTo(LONGEST_REST) > 0) {
      rest = LONGEST_REST;
    }
    restUntil = System.nanoTime() + rest.toNanos();
    log.error(
        "{}: garbage stays for at least {} s: {}", label(), rest.toSeconds(), cause.toString());
  }

  private String label() {
    return name.isEmpty() ? "content store" : "snapshotter " + name;
  }
}
