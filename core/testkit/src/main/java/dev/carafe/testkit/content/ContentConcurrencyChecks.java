package dev.carafe.testkit.content;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.testkit.Race;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What calls do to each other. */
abstract class ContentConcurrencyChecks extends ContentChecks {
  private static final int THREADS = 8;
  private static final int ROUNDS = 20;

  ContentConcurrencyChecks(ContentStoreConformance suite) {
    super(suite);
  }

  private static <T> List<Callable<T>> times(int count, Call<T> call) {
    List<Callable<T>> calls = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int number = i;
      calls.add(() -> call.run(number));
    }
    return calls;
  }

  @Test
  @DisplayName("CONT-CONC-01 of racing writers of one ref, one gets it")
  void oneWriterWins() {
    for (int round = 0; round < ROUNDS; round++) {
      String ref = "ref " + round;
      List<Race.Outcome<ContentWriter>> outcomes = Race.run(times(THREADS, _ -> writer(ref)));
      assertEquals(1, outcomes.stream().filter(Race.Outcome::succeeded).count());
      for (Race.Outcome<ContentWriter> outcome : outcomes) {
        if (outcome.value() == null) {
          assertInstanceOf(UnavailableException.class, outcome.failure());
        } else {
          outcome.value().close();
        }
      }
    }
  }

  @Test
  @DisplayName("CONT-CONC-02 of racing commits of the same bytes, one wins and all end well")
  void oneCommitWins() {
    for (int round = 0; round < ROUNDS; round++) {
      byte[] bytes = random(10_000, round);
      List<Race.Outcome<Digest>> outcomes =
          Race.run(
              times(
                  THREADS,
                  i -> {
                    try (ContentWriter writer = writer("ref " + i)) {
                      writer.write(ByteBuffer.wrap(bytes));
                      return writer.commit(bytes.length, Digest.of(bytes), NONE);
                    }
                  }));
      assertEquals(1, outcomes.stream().filter(Race.Outcome::succeeded).count());
      for (Race.Outcome<Digest> outcome : outcomes) {
        if (!outcome.succeeded()) {
          assertInstanceOf(AlreadyExistsException.class, outcome.failure());
        }
      }
      assertBlob(bytes, Digest.of(bytes));
      assertEquals(List.of(), store.ingests());
    }
  }

  @Test
  @DisplayName("CONT-CONC-03 different blobs are written at the same time")
  void writersInParallel() {
    List<Race.Outcome<Digest>> outcomes =
        Race.run(
            times(
                THREADS,
                i -> {
                  byte[] bytes = random(1 << 20, 100 + i);
                  try (ContentWriter writer = writer("ref " + i, bytes.length, null)) {
                    for (int at = 0; at < bytes.length; at += 1 << 16) {
                      writer.write(ByteBuffer.wrap(bytes, at, 1 << 16));
                    }
                    return writer.commit(bytes.length, Digest.of(bytes), NONE);
                  }
                }));
    for (int i = 0; i < THREADS; i++) {
      assertTrue(outcomes.get(i).succeeded(), outcomes.get(i)::toString);
      byte[] bytes = random(1 << 20, 100 + i);
      assertBlob(bytes, Digest.of(bytes));
    }
  }

  @Test
  @DisplayName("CONT-CONC-04 a reader sees all of a blob or none of it")
  void readersSeeAllOrNothing() {
    byte[] bytes = random(100_000, 7);
    Digest digest = Digest.of(bytes);
    List<Callable<Integer>> calls = new ArrayList<>();
    calls.add(() -> {
      for (int round = 0; round < ROUNDS; round++) {
        blob(bytes);
        store.delete(digest);
      }
      return 0;
    });
    for (int i = 1; i < THREADS; i++) {
      calls.add(() -> {
        for (int round = 0; round < ROUNDS; round++) {
          if (blobs().containsKey(digest)) {
            try (var reader = store.open(digest)) {
              assertEquals(digest, Digest.of(reader.readAll(LIMIT)));
            } catch (NotFoundException e) {
              // Deleted since.
            }
          }
        }
        return 0;
      });
    }
    for (Race.Outcome<Integer> outcome : Race.run(calls)) {
      assertTrue(outcome.succeeded(), outcome::toString);
    }
  }

  private interface Call<T> {
    T run(int number) throws Exception;
  }
}
