package dev.carafe.cri;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.NotFoundException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class InFlightTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  private final AtomicInteger runs = new AtomicInteger();
  private final CountDownLatch go = new CountDownLatch(1);

  private String slow(InFlight.Stages stages) throws InterruptedException {
    runs.incrementAndGet();
    stages.at("waiting");
    go.await();
    return "result";
  }

  @Test
  void aRetryAdoptsTheOperationInFlight() {
    // Given
    InFlight<String> operations = new InFlight<>("pod", LONG);
    var first = CompletableFuture.supplyAsync(() -> operations.join("a", this::slow));
    while (runs.get() == 0) {
      Thread.onSpinWait();
    }

    // When
    var second = CompletableFuture.supplyAsync(() -> operations.join("a", this::slow));
    go.countDown();

    // Then
    assertEquals("result", first.join());
    assertEquals("result", second.join());
    assertTrue(runs.get() <= 2);
  }

  @Test
  void anOperationGoesOnWhenItsCallerGoesAway() throws Exception {
    // Given
    InFlight<String> operations = new InFlight<>("pod", LONG);
    var gone = new CompletableFuture<Throwable>();
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              try {
                operations.join("a", this::slow);
              } catch (CancelledException e) {
                gone.complete(e);
              }
            });
    while (runs.get() == 0) {
      Thread.onSpinWait();
    }

    // When
    caller.interrupt();
    assertTrue(gone.get().getMessage().endsWith("at: waiting"), gone.get().getMessage());
    var retry = CompletableFuture.supplyAsync(() -> operations.join("a", this::slow));
    go.countDown();

    // Then
    assertEquals("result", retry.get());
  }

  @Test
  void whatTakesTooLongNamesItsStage() {
    InFlight<String> operations = new InFlight<>("pod", Duration.ofMillis(50));

    var failure =
        assertThrows(DeadlineExceededException.class, () -> operations.join("a", this::slow));

    assertTrue(failure.getMessage().startsWith("pod a: not done within PT0.05S, at: "));
    go.countDown();
  }

  @Test
  void aFailureIsTheCallersAndTheNextCallTriesAgain() {
    InFlight<String> operations = new InFlight<>("pod", LONG);

    assertThrows(
        NotFoundException.class,
        () ->
            operations.join(
                "a",
                stages -> {
                  throw new NotFoundException("no");
                }));
    go.countDown();

    assertEquals("result", operations.join("a", this::slow));
  }
}
