package dev.carafe.plugin.source.registry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.OutOfRangeException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.images.ImageSource;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class FetchTest {
  private static final byte[] LAYER = Sources.noise(1_000_000, 1);
  private static final String PATH = "/v2/a/b/blobs/" + Digest.of(LAYER);

  private final Sources sources = Sources.plain();
  private FakeRegistry registry;

  @BeforeEach
  void start() throws IOException {
    registry = FakeRegistry.plain();
    registry.manifest("a/b", "latest", Sources.MANIFEST, FakeRegistry.OCI_MANIFEST);
  }

  @AfterEach
  void stop() {
    registry.close();
  }

  private ImageSource.Repository open() {
    return sources.open(registry.authority() + "/a/b:latest");
  }

  private byte[] fetch(long offset) throws IOException {
    try (ImageSource.Repository repository = open()) {
      return Sources.fetch(repository, Sources.layer(LAYER), offset);
    }
  }

  private static byte[] from(int offset) {
    return Arrays.copyOfRange(LAYER, offset, LAYER.length);
  }

  private List<String> ranges() {
    return registry.seen().stream()
        .filter(request -> request.path().equals(PATH))
        .map(request -> request.header("Range"))
        .toList();
  }

  @Test
  void aBlobArrivesWhole() throws IOException {
    registry.blob("a/b", LAYER);
    assertArrayEquals(LAYER, fetch(0));
    assertEquals(List.of(""), ranges());
  }

  @Test
  void aManifestComesFromTheManifestEndpoint() throws IOException {
    try (ImageSource.Repository repository = open()) {
      assertArrayEquals(Sources.MANIFEST, Sources.fetch(repository, repository.target(), 0));
    }
    assertEquals(
        "GET /v2/a/b/manifests/" + Digest.of(Sources.MANIFEST), registry.asked().getLast());
  }

  @Test
  void anOffsetIsAskedForAsARange() throws IOException {
    registry.blob("a/b", LAYER);
    assertArrayEquals(from(300_000), fetch(300_000));
    assertEquals(List.of("bytes=300000-"), ranges());
  }

  @Test
  void anAnswerWithoutRangesIsReadPastTheOffset() throws IOException {
    registry.on(PATH, exchange -> FakeRegistry.send(exchange, 200, LAYER));
    assertArrayEquals(from(300_000), fetch(300_000));
  }

  @Test
  void aRangeThatBeginsEarlierIsReadUpToTheOffset() throws IOException {
    registry.on(
        PATH,
        exchange -> {
          exchange.getResponseHeaders().set("Content-Range", "bytes 100-999999/1000000");
          FakeRegistry.send(exchange, 206, from(100));
        });
    assertArrayEquals(from(300_000), fetch(300_000));
  }

  @Test
  void aRangeThatBeginsLaterIsRefused() {
    registry.on(
        PATH,
        exchange -> {
          exchange.getResponseHeaders().set("Content-Range", "bytes 300001-999999/1000000");
          FakeRegistry.send(exchange, 206, from(300_001));
        });
    assertThrows(UnavailableException.class, () -> fetch(300_000));
  }

  @Test
  void aPartThatNobodyAskedForIsRefused() {
    registry.on(PATH, exchange -> FakeRegistry.send(exchange, 206, LAYER));
    assertThrows(UnavailableException.class, () -> fetch(0));
  }

  @Test
  void theEndOfABlobNeedsNoRequest() throws IOException {
    assertEquals(0, fetch(LAYER.length).length);
    assertEquals(List.of(), ranges());
  }

  @Test
  void anOffsetPastTheEndIsOutOfRange() {
    assertThrows(OutOfRangeException.class, () -> fetch(LAYER.length + 1));
    assertThrows(OutOfRangeException.class, () -> fetch(-1));
  }

  @Test
  void aMissingBlobIsNotFound() {
    NotFoundException e = assertThrows(NotFoundException.class, () -> fetch(0));
    assertTrue(e.getMessage().contains(Digest.of(LAYER).toString()), e.getMessage());
  }

  @Test
  void anotherLengthThanTheDescriptorsIsRefused() {
    registry.on(PATH, exchange -> FakeRegistry.send(exchange, 200, new byte[17]));
    DataLossException e = assertThrows(DataLossException.class, () -> fetch(0));
    assertTrue(e.getMessage().contains("17 bytes instead of 1000000"), e.getMessage());
  }

  @Test
  void aStreamOfUndeclaredLengthIsCutAtTheDescriptorsSize() throws IOException {
    registry.on(
        PATH,
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write(LAYER);
          exchange.getResponseBody().write(LAYER);
          exchange.close();
        });
    assertArrayEquals(LAYER, fetch(0));
  }

  @Test
  void aStreamThatIsTooShortIsTakenUpAgainAndThenRefused() {
    registry.on(
        PATH,
        exchange -> {
          if (FakeRegistry.rangeStart(exchange) > 0) {
            FakeRegistry.send(exchange, 416, "");
            return;
          }
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write(LAYER, 0, 500_000);
          exchange.close();
        });
    DataLossException e = assertThrows(DataLossException.class, () -> fetch(0));
    assertTrue(e.getMessage().contains("nothing from byte 500000"), e.getMessage());
  }

  @Test
  void aConnectionThatIsCutResumesWhereItBroke() throws IOException {
    registry.on(
        PATH,
        exchange -> {
          int start = FakeRegistry.rangeStart(exchange);
          if (start > 0) {
            exchange
                .getResponseHeaders()
                .set("Content-Range", "bytes " + start + "-999999/1000000");
          }
          int most = Math.min(200_000, LAYER.length - start);
          FakeRegistry.cut(exchange, start > 0 ? 206 : 200, LAYER, start, most);
        });
    assertArrayEquals(LAYER, fetch(0));
    assertEquals(
        List.of("", "bytes=200000-", "bytes=400000-", "bytes=600000-", "bytes=800000-"), ranges());
  }

  @Test
  void breaksWithoutProgressAreBounded() {
    registry.on(PATH, exchange -> FakeRegistry.cut(exchange, 200, LAYER, 0, 1000));
    UnavailableException e = assertThrows(UnavailableException.class, () -> fetch(0));
    assertTrue(e.getMessage().contains("broken off 4 times at byte 1000"), e.getMessage());
    assertEquals(4, ranges().size());
    assertEquals(3, sources.pauses.size());
  }

  @Test
  void aConnectionThatIsResetResumes() throws IOException {
    try (RawServer raw =
        new RawServer((request, head, socket) -> {
          if (head.getFirst().startsWith("HEAD")) {
            RawServer.say(socket, manifestHead());
          } else if (request == 2) {
            RawServer.say(socket, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
            socket.getOutputStream().write(LAYER, 0, 100_000);
            RawServer.reset(socket);
          } else {
            int start = start(head);
            RawServer.say(
                socket,
                "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes "
                    + start
                    + "-999999/1000000\r\nContent-Length: "
                    + (1_000_000 - start)
                    + "\r\n\r\n");
            socket.getOutputStream().write(LAYER, start, 1_000_000 - start);
          }
        })) {
      try (ImageSource.Repository repository = sources.open(raw.authority() + "/a/b")) {
        assertArrayEquals(LAYER, Sources.fetch(repository, Sources.layer(LAYER), 0));
      }
      assertEquals(3, raw.requests());
    }
  }

  @Test
  void aConnectionThatFallsSilentIsReplaced() throws IOException {
    Timing impatient =
        new Timing(
            Duration.ofSeconds(5),
            Duration.ofSeconds(10),
            Duration.ofMillis(300),
            Duration.ofSeconds(60),
            3);
    CountDownLatch end = new CountDownLatch(1);
    registry.on(
        PATH,
        exchange -> {
          if (FakeRegistry.rangeStart(exchange) > 0) {
            FakeRegistry.ranged(exchange, LAYER);
            return;
          }
          exchange.sendResponseHeaders(200, LAYER.length);
          exchange.getResponseBody().write(LAYER, 0, 100_000);
          exchange.getResponseBody().flush();
          await(end);
        });
    try (ImageSource.Repository repository =
        sources.with(impatient).open(registry.authority() + "/a/b:latest")) {
      assertArrayEquals(LAYER, Sources.fetch(repository, Sources.layer(LAYER), 0));
    } finally {
      end.countDown();
    }
    assertEquals(List.of("", "bytes=100000-"), ranges());
  }

  @Test
  void urlsOfADescriptorAreNotFollowed() throws IOException {
    try (FakeRegistry other = FakeRegistry.plain();
        ImageSource.Repository repository = open()) {
      other.on("/layer", exchange -> FakeRegistry.send(exchange, 200, LAYER));
      Descriptor foreign =
          new Descriptor(
              "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
              Digest.of(LAYER),
              LAYER.length,
              Map.of(),
              null,
              "",
              List.of("http://" + other.authority() + "/layer"));
      assertThrows(NotFoundException.class, () -> repository.fetch(foreign, 0));
      assertEquals(List.of(), other.seen());
    }
  }

  @Test
  void aHostileMediaTypeDoesNotReachTheRequest() throws IOException {
    registry.blob("a/b", LAYER);
    Descriptor hostile =
        new Descriptor("x\r\nAuthorization: Basic eA==", Digest.of(LAYER), LAYER.length);
    try (ImageSource.Repository repository = open()) {
      assertArrayEquals(LAYER, Sources.fetch(repository, hostile, 0));
    }
    assertEquals("", registry.seen().getLast().header("Authorization"));
  }

  @Test
  void connectionsAreUsedAgain() throws IOException {
    try (RawServer raw =
        new RawServer((request, head, socket) ->
            RawServer.say(
                socket,
                head.getFirst().startsWith("HEAD")
                    ? manifestHead()
                    : "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"))) {
      try (ImageSource.Repository repository = sources.open(raw.authority() + "/a/b")) {
        for (int i = 0; i < 5; i++) {
          byte[] abc = Sources.utf8("abc");
          assertArrayEquals(abc, Sources.fetch(repository, Sources.layer(abc), 0));
        }
      }
      assertEquals(6, raw.requests());
      assertEquals(1, raw.connections());
    }
  }

  @Test
  void manyBlobsAreFetchedAtOnce() throws Exception {
    int count = 16;
    for (int i = 0; i < count; i++) {
      registry.blob("a/b", Sources.noise(200_000, i));
    }
    AtomicInteger whole = new AtomicInteger();
    try (ImageSource.Repository repository = open()) {
      Thread[] threads = new Thread[count];
      for (int i = 0; i < count; i++) {
        byte[] blob = Sources.noise(200_000, i);
        threads[i] =
            Thread.startVirtualThread(() -> {
              try {
                if (Arrays.equals(blob, Sources.fetch(repository, Sources.layer(blob), 0))) {
                  whole.incrementAndGet();
                }
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
      }
      for (Thread thread : threads) {
        thread.join();
      }
    }
    assertEquals(count, whole.get());
  }

  @Test
  void closingTheRepositoryEndsAReadThatWaits() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    registry.on(
        PATH,
        exchange -> {
          exchange.sendResponseHeaders(200, LAYER.length);
          exchange.getResponseBody().write(LAYER, 0, 10);
          exchange.getResponseBody().flush();
          asked.countDown();
          await(end);
        });
    try {
      ImageSource.Repository repository = open();
      InputStream in = repository.fetch(Sources.layer(LAYER), 0);
      CompletableFuture<Throwable> failure = new CompletableFuture<>();
      Thread.startVirtualThread(
          () -> failure.complete(assertThrows(Throwable.class, () -> in.readNBytes(LAYER.length))));
      assertTrue(asked.await(30, TimeUnit.SECONDS));
      repository.close();
      assertTrue(failure.get(30, TimeUnit.SECONDS) instanceof UnavailableException);
    } finally {
      end.countDown();
    }
  }

  @Test
  void closingTheStreamEndsAReadThatWaits() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    registry.on(
        PATH,
        exchange -> {
          exchange.sendResponseHeaders(200, LAYER.length);
          exchange.getResponseBody().write(LAYER, 0, 10);
          exchange.getResponseBody().flush();
          asked.countDown();
          await(end);
        });
    try (ImageSource.Repository repository = open()) {
      InputStream in = repository.fetch(Sources.layer(LAYER), 0);
      CompletableFuture<Throwable> failure = new CompletableFuture<>();
      Thread.startVirtualThread(
          () -> failure.complete(assertThrows(Throwable.class, () -> in.readNBytes(LAYER.length))));
      assertTrue(asked.await(30, TimeUnit.SECONDS));
      in.close();
      assertTrue(failure.get(30, TimeUnit.SECONDS) instanceof IOException);
    } finally {
      end.countDown();
    }
  }

  @Test
  void anInterruptCancelsAReadThatWaits() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    registry.on(
        PATH,
        exchange -> {
          exchange.sendResponseHeaders(200, LAYER.length);
          exchange.getResponseBody().write(LAYER, 0, 10);
          exchange.getResponseBody().flush();
          asked.countDown();
          await(end);
        });
    try (ImageSource.Repository repository = open()) {
      InputStream in = repository.fetch(Sources.layer(LAYER), 0);
      CompletableFuture<Throwable> failure = new CompletableFuture<>();
      Thread reader =
          Thread.startVirtualThread(() ->
              failure.complete(assertThrows(Throwable.class, () -> in.readNBytes(LAYER.length))));
      assertTrue(asked.await(30, TimeUnit.SECONDS));
      reader.interrupt();
      assertTrue(failure.get(30, TimeUnit.SECONDS) instanceof CancelledException);
    } finally {
      end.countDown();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String manifestHead() {
    return "HTTP/1.1 200 OK\r\nContent-Type: "
        + FakeRegistry.OCI_MANIFEST
        + "\r\nContent-Length: 100\r\nDocker-Content-Digest: "
        + Digest.of(Sources.MANIFEST)
        + "\r\n\r\n";
  }

  private static int start(List<String> head) {
    return head.stream()
        .filter(line -> line.startsWith("Range: bytes="))
        .mapToInt(line -> Integer.parseInt(line.replaceAll("[^0-9]", "")))
        .findFirst()
        .orElse(0);
  }
}
