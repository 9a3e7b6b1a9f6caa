package dev.carafe.plugin.content.local;

import dev.carafe.spi.errors.UnavailableException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Who holds which ref. Nobody waits. */
final class RefLocks {
  private final Map<String, Hold> holds = new ConcurrentHashMap<>();

  /**
   * @throws UnavailableException if somebody holds it
   */
  Hold lock(String ref) {
    Hold hold = new Hold(ref);
    if (holds.putIfAbsent(ref, hold) != null) {
      throw new UnavailableException("ref " + ref + " locked");
    }
    return hold;
  }

  /** Takes the ref, or, where somebody holds it, tells the holder that its ingest is gone. */
  @Nullable Hold lockOrAbort(String ref) {
    Hold mine = new Hold(ref);
    Hold holder = holds.putIfAbsent(ref, mine);
    if (holder == null) {
      return mine;
    }
    holder.abort();
    return null;
  }

  @Nullable Hold holder(String ref) {
    return holds.get(ref);
  }

  /** One ref, held until it is closed. */
  final class Hold implements AutoCloseable {
    private final String ref;
    private volatile boolean aborted;
    private volatile @Nullable LocalWriter writer;

    private Hold(String ref) {
      this.ref = ref;
    }

    String ref() {
      return ref;
    }

    /** Set by whoever throws the ingest away under the holder's hands. */
    boolean aborted() {
      return aborted;
    }

    void abort() {
      aborted = true;
    }

    @Nullable LocalWriter writer() {
      return writer;
    }

    void writer(LocalWriter opened) {
      writer = opened;
    }

    @Override
    public void close() {
      holds.remove(ref, this);
    }
  }
}
