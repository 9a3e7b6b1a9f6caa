package dev.carafe.metadata;

import dev.carafe.spi.plugins.PluginUse;
import dev.carafe.spi.snapshots.Snapshotter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The snapshotters that are running now, each with what is known of it; made when first seen. */
final class SnapshotContexts {
  private final Ledger ledger;
  private final Map<String, Snapshotter> backends;
  private final BiFunction<String, Snapshotter, SnapshotContext> contexts;
  private final Function<SnapshotContext, SnapshotSweep> sweeps;
  private final Map<String, Known> known = new ConcurrentHashMap<>();

  /** One back end. */
  private record Known(SnapshotContext context, SnapshotSweep sweep) {}

  /**
   * @param backends a live view by name
   */
  SnapshotContexts(
      Ledger ledger,
      Map<String, Snapshotter> backends,
      BiFunction<String, Snapshotter, SnapshotContext> contexts,
      Function<SnapshotContext, SnapshotSweep> sweeps) {
    this.ledger = ledger;
    this.backends = backends;
    this.contexts = contexts;
    this.sweeps = sweeps;
  }

  private @Nullable Known known(String name) {
    Snapshotter backend = backends.get(name);
    if (backend == null) {
      known.remove(name);
      return null;
    }
    return known.compute(
        name,
        (_, old) -> {
          if (old != null && old.context().backend() == backend) {
            return old;
          }
          SnapshotContext context = contexts.apply(name, backend);
          return new Known(context, sweeps.apply(context));
        });
  }

  /** That of a name, or null if no such snapshotter runs. */
  @Nullable SnapshotContext get(String name) {
    Known one = known(name);
    return one == null ? null : one.context();
  }

  /** Of all that run, by name. */
  List<SnapshotSweep> sweeps() {
    List<SnapshotSweep> all = new ArrayList<>();
    for (String name : new TreeMap<>(backends).keySet()) {
      Known one = known(name);
      if (one != null) {
        all.add(one.sweep());
      }
    }
    return all;
  }

  /** How many snapshots each namespace has in one. */
  List<PluginUse> uses(String name) {
    List<PluginUse> uses = new ArrayList<>();
    for (var namespace : new NamespaceTable(ledger).list()) {
      int count =
          Pages.all(
                  ledger,
                  tx ->
                      tx.bucket(
                          Schema.DATA, namespace.name(), Schema.SNAPSHOTS, name, Schema.RECORDS),
                  Formats.SNAPSHOT)
              .size();
      if (count > 0) {
        uses.add(new PluginUse(count + " snapshots in namespace " + namespace.name(), false));
      }
    }
    return uses;
  }
}
