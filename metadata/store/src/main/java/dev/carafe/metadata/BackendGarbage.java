package dev.carafe.metadata;

import dev.carafe.spi.content.Digest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What back ends hold and the database has let go since the last look. In memory only: the first
 * collection after a start compares everything.
 */
final class BackendGarbage {
  /** The back end of all blobs and ingests, beside the snapshotters' names. */
  static final String CONTENT_STORE = "";

  /** An object in a back end. */
  sealed interface Item {
    /** {@link #CONTENT_STORE} or a snapshotter's name. */
    String backend();
  }

  record Blob(Digest digest) implements Item {
    @Override
    public String backend() {
      return CONTENT_STORE;
    }
  }

  record Ingest(String backendRef) implements Item {
    @Override
    public String backend() {
      return CONTENT_STORE;
    }
  }

  record Snapshot(String snapshotter, String backendKey) implements Item {
    @Override
    public String backend() {
      return snapshotter;
    }
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Set<Item>> items = new HashMap<>();

  void add(Collection<? extends Item> more) {
    if (more.isEmpty()) {
      return;
    }
    lock.lock();
    try {
      for (Item item : more) {
        items.computeIfAbsent(item.backend(), _ -> new LinkedHashSet<>()).add(item);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Takes out all that belongs to a back end, in the order in which it became garbage. */
  List<Item> take(String backend) {
    lock.lock();
    try {
      Set<Item> taken = items.remove(backend);
      return taken == null ? List.of() : new ArrayList<>(taken);
    } finally {
      lock.unlock();
    }
  }
}
