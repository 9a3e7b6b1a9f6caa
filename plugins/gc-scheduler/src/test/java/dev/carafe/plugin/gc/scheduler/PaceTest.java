package dev.carafe.plugin.gc.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class PaceTest {
  private static final long MILLI = 1_000_000;
  private static final long START = Long.MAX_VALUE - 50 * MILLI;

  private static GcSchedulerConfig config(int deletions, int mutations, long delay, long startup) {
    return new GcSchedulerConfig(
        0.02, deletions, mutations, Duration.ofMillis(delay), Duration.ofMillis(startup));
  }

  /** One that has just collected, in 5 ms. */
  private static Pace afterFirst(GcSchedulerConfig config) {
    Pace pace = new Pace(config, START);
    assertTrue(pace.begins(START + 100 * MILLI));
    pace.collected(START + 105 * MILLI, Duration.ofMillis(5));
    return pace;
  }

  @Test
  void firstCollectionComesAfterTheStartupDelay() {
    Pace pace = new Pace(GcSchedulerConfig.DEFAULT, START);

    assertFalse(pace.begins(START + 99 * MILLI));
    assertTrue(pace.begins(START + 100 * MILLI));
  }

  @Test
  void withoutStartupDelayNothingHappensBeforeThereIsAReason() {
    Pace pace = new Pace(config(0, 100, 0, 0), START);
    assertEquals(OptionalLong.empty(), pace.due());

    assertTrue(pace.mutated(START + MILLI, true));

    assertTrue(pace.begins(START + MILLI));
  }

  @Test
  void idleSchedulerSleeps() {
    Pace pace = afterFirst(GcSchedulerConfig.DEFAULT);

    assertFalse(pace.begins(START + 10_000 * MILLI));

    assertEquals(OptionalLong.empty(), pace.due());
  }

  @Test
  void collectionsTakeTwoPercentOfTheTime() {
    Pace pace = afterFirst(GcSchedulerConfig.DEFAULT);
    assertEquals(Duration.ofMillis(245), pace.interval());

    pace.mutated(START + 106 * MILLI, true);

    assertFalse(pace.begins(START + 349 * MILLI));
    assertTrue(pace.begins(START + 350 * MILLI));
    pace.collected(START + 400 * MILLI, Duration.ofMillis(45));
    assertEquals(Duration.ofMillis(25 * 49), pace.interval());
  }

  @Test
  void aDeletionAfterALongSleepIsCollectedAtOnce() {
    Pace pace = afterFirst(GcSchedulerConfig.DEFAULT);
    pace.begins(START + 10_000 * MILLI);

    pace.mutated(START + 20_000 * MILLI, true);

    assertTrue(pace.begins(START + 20_000 * MILLI));
  }

  @Test
  void scheduleDelayGathersDeletions() {
    Pace pace = afterFirst(config(0, 100, 30, 100));
    pace.begins(START + 10_000 * MILLI);

    assertTrue(pace.mutated(START + 20_000 * MILLI, true));
    assertFalse(pace.mutated(START + 20_020 * MILLI, true));

    assertFalse(pace.begins(START + 20_029 * MILLI));
    assertTrue(pace.begins(START + 20_030 * MILLI));
  }

  @Test
  void changesAloneCountFromTheirThresholdOn() {
    Pace pace = afterFirst(config(0, 3, 0, 100));
    long later = START + 10_000 * MILLI;
    pace.begins(later);

    assertFalse(pace.mutated(later, false));
    assertFalse(pace.mutated(later, false));
    assertTrue(pace.mutated(later, false));

    assertTrue(pace.begins(later));
  }

  @Test
  void changesNeverCountWithoutThreshold() {
    Pace pace = afterFirst(config(0, 0, 0, 100));
    long later = START + 10_000 * MILLI;
    pace.begins(later);
    for (int i = 0; i < 1000; i++) {
      assertFalse(pace.mutated(later, false));
    }
  }

  @Test
  void manyDeletionsDoNotWait() {
    Pace pace = afterFirst(config(2, 100, 0, 100));

    assertFalse(pace.mutated(START + 106 * MILLI, true));
    assertFalse(pace.begins(START + 106 * MILLI));
    assertTrue(pace.mutated(START + 107 * MILLI, true));

    assertTrue(pace.begins(START + 107 * MILLI));
  }

  @Test
  void failedCollectionIsTriedAgain() {
    Pace pace = afterFirst(GcSchedulerConfig.DEFAULT);
    pace.mutated(START + 106 * MILLI, true);
    assertTrue(pace.begins(START + 350 * MILLI));

    pace.failed(START + 350 * MILLI);

    assertTrue(pace.begins(START + 595 * MILLI));
  }

  @Test
  void withoutPauseThresholdCollectionsAreASecondApart() {
    Pace pace =
        new Pace(new GcSchedulerConfig(0, 0, 100, Duration.ZERO, Duration.ofMillis(100)), START);
    assertEquals(Duration.ofSeconds(1), pace.interval());
  }

  @Test
  void otherRulesHoldForWhatWasCountedBefore() {
    Pace pace = new Pace(config(0, 0, 0, 0), START);
    pace.mutated(START, false);
    pace.mutated(START, false);
    assertEquals(OptionalLong.empty(), pace.due());

    pace.reload(config(0, 2, 0, 0), START + MILLI);

    assertTrue(pace.begins(START + MILLI));
  }
}
