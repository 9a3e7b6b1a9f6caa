package dev.carafe.plugin.diff.tar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class WritebackTest {
  private static final long STEP = 16L << 20;

  private final AtomicLong unsent = new AtomicLong();
  private final Pipeline pipeline = new Pipeline("test", "layer");

  @Test
  void layersCountTogether() {
    var first = new Writeback(pipeline, unsent);
    var second = new Writeback(pipeline, unsent);
    first.reached(STEP - 1);
    assertEquals(STEP - 1, unsent.get());

    second.reached(1);
    assertEquals(0, unsent.get());
  }

  @Test
  void writerDoesNotWaitForAMediumThatIsBusy() {
    var writeback = new Writeback(pipeline, unsent);
    writeback.reached(STEP);
    writeback.reached(2 * STEP);

    assertEquals(STEP, unsent.get());
  }

  @Test
  void failureOfTheMediumFailsTheLayer() {
    var writeback = new Writeback(pipeline, unsent);
    Fd noFile = Fd.borrow(Integer.MAX_VALUE);

    assertThrows(
        ErrnoException.class,
        () ->
            pipeline.run(() -> {
              var flushed = pipeline.start("flush", () -> writeback.run(noFile));
              writeback.reached(STEP);
              return pipeline.await(flushed);
            }));
  }
}
