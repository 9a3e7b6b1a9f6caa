package dev.carafe.plugin.source.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnavailableException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class RetryTest {
  private final Sources sources = Sources.plain();

  private static FakeRegistry refusing(int times, int status, String retryAfter)
      throws IOException {
    FakeRegistry registry = FakeRegistry.plain();
    registry.manifest("a/b", "latest", Sources.MANIFEST, FakeRegistry.OCI_MANIFEST);
    registry.gate(exchange -> {
      if (registry.seen().size() <= times) {
        if (!retryAfter.isEmpty()) {
          exchange.getResponseHeaders().set("Retry-After", retryAfter);
        }
        FakeRegistry.error(exchange, status, "TOOMANYREQUESTS", "slow down");
      }
    });
    return registry;
  }

  private void open(FakeRegistry registry) {
    sources.open(registry.authority() + "/a/b").close();
  }

  @Test
  void aServerErrorIsTriedAgain() throws IOException {
    for (int status : List.of(500, 502, 503, 504, 408)) {
      try (FakeRegistry registry = refusing(2, status, "")) {
        open(registry);
      }
    }
  }

  @Test
  void tooManyRequestsWaitsAsLongAsTheRegistryAsks() throws IOException {
    try (FakeRegistry registry = refusing(2, 429, "7")) {
      open(registry);
      assertEquals(3, registry.seen().size());
    }
    assertEquals(List.of(Duration.ofSeconds(7), Duration.ofSeconds(7)), sources.pauses);
  }

  @Test
  void tooLongAWaitIsNotWaited() throws IOException {
    try (FakeRegistry registry = refusing(2, 429, "3600")) {
      ResourceExhaustedException e =
          assertThrows(ResourceExhaustedException.class, () -> open(registry));
      assertTrue(e.getMessage().endsWith("429 too many requests"), e.getMessage());
    }
    assertEquals(List.of(), sources.pauses);
  }

  @Test
  void retriesAreBounded() throws IOException {
    try (FakeRegistry registry = refusing(1000, 503, "")) {
      assertThrows(UnavailableException.class, () -> open(registry));
    }
    assertEquals(3, sources.pauses.size());
  }

  @Test
  void waitsGrowAndVary() {
    for (int failures = 1; failures < 40; failures++) {
      Duration wait = Timing.backoff(failures);
      long full = Math.min(5000, 200L << Math.min(failures - 1, 10));
      assertTrue(wait.toMillis() >= full / 2 && wait.toMillis() <= full, wait.toString());
    }
  }

  @Test
  void aConnectionThatBreaksBeforeTheAnswerIsTriedAgain() throws IOException {
    Digest digest = Digest.of(Sources.MANIFEST);
    try (RawServer raw =
        new RawServer((request, head, socket) -> {
          if (request <= 2) {
            RawServer.reset(socket);
          } else {
            RawServer.say(
                socket,
                "HTTP/1.1 200 OK\r\nContent-Type: "
                    + FakeRegistry.OCI_MANIFEST
                    + "\r\nContent-Length: 5\r\nDocker-Content-Digest: "
                    + digest
                    + "\r\n\r\n");
          }
        })) {
      sources.open(raw.authority() + "/a/b").close();
      assertEquals(3, raw.connections());
    }
  }

  @Test
  void aRegistryThatNeverAnswersIsGivenUp() throws IOException {
    CountDownLatch end = new CountDownLatch(1);
    Timing impatient =
        new Timing(
            Duration.ofSeconds(5),
            Duration.ofMillis(50),
            Duration.ofSeconds(10),
            Duration.ofSeconds(60),
            1);
    try (RawServer raw =
        new RawServer((request, head, socket) -> {
          try {
            end.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        })) {
      UnavailableException e =
          assertThrows(
              UnavailableException.class,
              () -> sources.with(impatient).open(raw.authority() + "/a/b"));
      assertTrue(e.getMessage().contains("no byte within"), e.getMessage());
    } finally {
      end.countDown();
    }
  }

  @Test
  void aSlowDripOfAHeadIsGivenUp() throws IOException {
    Timing impatient =
        new Timing(
            Duration.ofSeconds(5),
            Duration.ofMillis(200),
            Duration.ofSeconds(10),
            Duration.ofSeconds(60),
            0);
    try (RawServer raw =
        new RawServer((request, head, socket) -> {
          while (!socket.isClosed()) {
            RawServer.say(socket, "H");
            Thread.onSpinWait();
          }
        })) {
      assertThrows(
          UnavailableException.class, () -> sources.with(impatient).open(raw.authority() + "/a/b"));
    }
  }

  @Test
  void anInterruptCancelsAWaitForAnAnswer() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    try (RawServer raw =
        new RawServer((request, head, socket) -> {
          asked.countDown();
          try {
            end.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        })) {
      CompletableFuture<Throwable> failure = new CompletableFuture<>();
      Thread caller =
          Thread.startVirtualThread(() ->
              failure.complete(
                  assertThrows(Throwable.class, () -> sources.open(raw.authority() + "/a/b"))));
      assertTrue(asked.await(30, TimeUnit.SECONDS));
      caller.interrupt();
      assertTrue(failure.get(30, TimeUnit.SECONDS) instanceof CancelledException);
    } finally {
      end.countDown();
    }
  }

  @Test
  void retryAfterIsSecondsOrADate() {
    Instant now = Instant.parse("2026-01-02T03:04:05Z");
    String later =
        DateTimeFormatter.RFC_1123_DATE_TIME.format(now.plusSeconds(90).atOffset(ZoneOffset.UTC));
    assertEquals(Duration.ofSeconds(12), Failures.retryAfter("12", now));
    assertEquals(Duration.ofSeconds(90), Failures.retryAfter(later, now));
    assertEquals(Duration.ZERO, Failures.retryAfter(later, now.plusSeconds(100)));
    assertEquals(Duration.ZERO, Failures.retryAfter("soon", now));
    assertEquals(Duration.ZERO, Failures.retryAfter("-5", now));
    assertEquals(Duration.ZERO, Failures.retryAfter("", now));
  }
}
