package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.Fd;
import dev.carafe.linux.FileCalls;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Sends files to the medium while further ones are written, so that little is left to wait for when
 * the layer is complete. A stage of its own.
 */
final class Writeback {
  /** Enough for the file system to merge small files into large writes. */
  private static final long STEP = 16L << 20;

  private final Handoff<Boolean> asked;
  private final AtomicLong unsent;
  private long last;

  /**
   * @param unsent bytes written since somebody last sent some, of all layers at work
   */
  Writeback(Pipeline pipeline, AtomicLong unsent) {
    this.asked = pipeline.handoff(1);
    this.unsent = unsent;
  }

  /** For the extracting stage: so much of the archive is written now. Does not wait. */
  void reached(long offset) {
    if (unsent.addAndGet(offset - last) >= STEP && asked.offer(true)) {
      unsent.set(0);
    }
    last = offset;
  }

  void finish() {
    asked.finish();
  }

  /**
   * The stage. What goes wrong here must fail the layer: the kernel tells each descriptor only
   * once.
   */
  boolean run(Fd root) throws InterruptedException {
    while (asked.take() != null) {
      FileCalls.syncfs(root);
    }
    return true;
  }
}
