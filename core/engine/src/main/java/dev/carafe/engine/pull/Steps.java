package dev.carafe.engine.pull;

import dev.carafe.spi.content.Descriptor;
import java.util.List;

/** Reports one blob's way; bytes at most every megabyte. */
final class Steps {
  private static final long EVERY = 1 << 20;

  private final Progress progress;
  private final Descriptor descriptor;
  private final List<String> parents;
  private final String name;
  private long reported;

  Steps(Progress progress, Descriptor descriptor, List<String> parents) {
    this.progress = progress;
    this.descriptor = descriptor;
    this.parents = List.copyOf(parents);
    this.name = BlobFetcher.pieceName(descriptor);
  }

  void report(String event, long done) {
    progress.report(new Progress.Step(event, name, parents, done, descriptor.size(), descriptor));
  }

  /** From one thread. */
  void downloading(long done) {
    if (done - reported >= EVERY || done == descriptor.size()) {
      reported = done;
      report("downloading", done);
    }
  }
}
