package dev.carafe.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.metadata.MetadataDatabase;
import dev.carafe.testkit.Race;
import dev.carafe.testkit.metadata.MemoryMetadataDatabase;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;

class SequencesTest {
  private final MetadataDatabase database = new MemoryMetadataDatabase();

  private Sequences open() {
    return new Sequences(
        new Ledger(database, new RecordedEvents(), new BackendGarbage(), new ManualClock()));
  }

  private static long number(String name) {
    return Sequences.numberOf(name).orElseThrow();
  }

  @Test
  void numbersAreNeverGivenTwice() {
    Set<Long> seen = new HashSet<>();
    for (int restart = 0; restart < 3; restart++) {
      Sequences sequences = open();
      List<Callable<List<Long>>> calls = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        calls.add(() -> {
          List<Long> numbers = new ArrayList<>();
          for (int n = 0; n < 500; n++) {
            numbers.add(number(sequences.backendName("ns", "x")));
          }
          return numbers;
        });
      }
      for (Race.Outcome<List<Long>> outcome : Race.run(calls)) {
        for (long number : outcome.value()) {
          assertTrue(seen.add(number), () -> number + " twice");
          assertTrue(number <= sequences.reserved());
        }
      }
    }
  }

  @Test
  void skippedNumbersAreNotGiven() {
    Sequences sequences = open();
    sequences.backendName("ns", "x");
    sequences.skipTo(123_456);
    assertEquals("ns/123457/x", sequences.backendName("ns", "x"));
    sequences.skipTo(5);
    assertTrue(number(sequences.backendName("ns", "x")) > 123_457);
  }

  @Test
  void longNamesAreCutBetweenCharacters() {
    Sequences sequences = open();
    String name = sequences.backendName("ns", "🧀".repeat(2048));
    assertTrue(name.length() <= 4096 && name.length() >= 4095);
    assertTrue(name.endsWith("🧀"));
    assertEquals(4096, sequences.backendName("ns", "x".repeat(4096)).length());
  }

  @Test
  void onlyOurNamesHaveNumbers() {
    assertEquals(OptionalLong.of(12), Sequences.numberOf("k8s.io/12/a/b\nc"));
    for (String other : List.of("", "x", "a/b/c", "a/1", "a b/1/x", "a/99999999999999999999/x")) {
      assertEquals(OptionalLong.empty(), Sequences.numberOf(other));
    }
  }
}
