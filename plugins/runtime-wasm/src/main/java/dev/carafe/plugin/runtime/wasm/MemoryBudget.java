package dev.carafe.plugin.runtime.wasm;

import dev.carafe.spi.errors.ResourceExhaustedException;

/** Shares out the heap that linear memories may take, so that no task can starve the daemon. */
final class MemoryBudget {
  private final long total;
  private long taken;

  MemoryBudget(long total) {
    this.total = total;
  }

  /**
   * Sets memory aside.
   *
   * @throws ResourceExhaustedException if there is less left
   */
  synchronized Share take(long bytes) {
    if (bytes > total - taken) {
      throw new ResourceExhaustedException(
          "memory of a WebAssembly task: "
              + bytes
              + " bytes, and of "
              + total
              + " for all of them "
              + taken
              + " are taken");
    }
    taken += bytes;
    return new Share(bytes);
  }

  synchronized long taken() {
    return taken;
  }

  private synchronized void giveBack(long bytes) {
    taken -= bytes;
  }

  /** Memory that was set aside, until it is closed. */
  final class Share implements AutoCloseable {
    private final long bytes;
    private boolean closed;

    private Share(long bytes) {
      this.bytes = bytes;
    }

    long bytes() {
      return bytes;
    }

    @Override
    public synchronized void close() {
      if (!closed) {
        closed = true;
        giveBack(bytes);
      }
    }
  }
}
