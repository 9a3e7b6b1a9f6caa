package dev.carafe.plugin.runtime.shim;

import dev.carafe.spi.runtimes.TaskStreams;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/** Whoever is attached to a task with a {@link CriLog}; one that does not keep up is cut off. */
final class CriLogClient implements TaskStreams {
  private static final int PIECES = 256;
  private static final Output END = new Output(false, new byte[0]);

  private final CriLog log;
  private final Runnable onEnd;
  private final BlockingQueue<Output> pieces = new LinkedBlockingQueue<>(PIECES + 1);

  CriLogClient(CriLog log, Runnable onEnd) {
    this.log = log;
    this.onEnd = onEnd;
  }

  /** Whether it takes more. */
  boolean offer(Output output) {
    if (pieces.size() < PIECES && pieces.offer(output)) {
      return true;
    }
    end();
    return false;
  }

  /** There will be no more; room for this is always left. */
  void end() {
    boolean told = pieces.offer(END);
    assert told || pieces.contains(END);
  }

  @Override
  public @Nullable Output next() throws InterruptedException {
    Output next = pieces.take();
    if (next == END) {
      end();
      return null;
    }
    return next;
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws InterruptedException {
    log.write(bytes, offset, length);
  }

  @Override
  public void endInput() {
    onEnd.run();
  }

  @Override
  public void close() {
    log.detach(this);
    end();
  }
}
