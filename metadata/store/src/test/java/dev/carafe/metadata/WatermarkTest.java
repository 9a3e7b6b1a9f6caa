package dev.carafe.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.Race;
import dev.carafe.testkit.WorkDirectory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class WatermarkTest {
  /** A collection and a client's cleanup may both move it. */
  @Test
  void writersDoNotDisturbEachOther(WorkDirectory directory) {
    Watermark watermark = new Watermark(directory.path().resolve("watermark"));
    List<Callable<Boolean>> writers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      writers.add(() -> {
        for (int revision = 1; revision <= 20; revision++) {
          watermark.write(new Watermark.Mark("id", revision));
        }
        return true;
      });
    }

    Race.run(writers).forEach(outcome -> assertEquals(true, outcome.value()));

    assertNotNull(watermark.read());
  }
}
