package dev.carafe.services;

import dev.carafe.engine.pull.Progress;
import dev.carafe.services.StreamRegistry.OpenStream;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Sends progress to a client from a thread of its own; a slow client loses byte counts, never a
 * change of state.
 */
final class ProgressStream implements Progress, AutoCloseable {
  private static final int BYTE_COUNTS = 256;
  private static final Set<String> COUNTING = Set.of("downloading", "uploading", "extracting");
  private static final Step LAST = new Step("", "", java.util.List.of(), 0, 0, null);

  private final BlockingQueue<Step> steps = new LinkedBlockingQueue<>();
  private final OpenStream stream;
  private final Thread sender;

  ProgressStream(OpenStream stream) {
    this.stream = stream;
    this.sender = Thread.ofVirtual().name("progress").start(this::send);
  }

  @Override
  public void report(Step step) {
    if (!COUNTING.contains(step.event()) || steps.size() < BYTE_COUNTS) {
      steps.add(step);
    }
  }

  private void send() {
    try {
      for (Step step = steps.take(); step != LAST; step = steps.take()) {
        stream.send(Anys.pack(proto(step)));
      }
    } catch (InterruptedException | RuntimeException gone) {
      steps.clear();
    }
  }

  private static dev.carafe.api.types.transfer.Progress proto(Step step) {
    var progress =
        dev.carafe.api.types.transfer.Progress.newBuilder()
            .setEvent(step.event())
            .setName(step.name())
            .addAllParents(step.parents())
            .setProgress(step.done())
            .setTotal(step.total());
    if (step.descriptor() != null) {
      progress.setDesc(Protos.descriptor(step.descriptor()));
    }
    return progress.build();
  }

  /** Sends what is left, then ends the stream. */
  @Override
  public void close() throws InterruptedException {
    steps.add(LAST);
    if (!sender.join(java.time.Duration.ofSeconds(5))) {
      sender.interrupt();
    }
    stream.close();
  }
}
