package dev.carafe.plugin.source.registry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.PermissionDeniedException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.images.Credentials;
import dev.carafe.spi.images.ImageDestination;
import dev.carafe.spi.images.ImageDestination.Outcome;
import dev.carafe.spi.images.SourceOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PushTest {
  private static final byte[] LAYER = Sources.noise(5_000_000, 1);
  private static final Descriptor BLOB = Sources.layer(LAYER);

  private final Sources sources = Sources.plain();
  private UploadServer registry;

  @BeforeEach
  void start() throws IOException {
    registry = new UploadServer();
  }

  @AfterEach
  void stop() {
    registry.close();
  }

  private static ByteArrayInputStream from(long offset) {
    return new ByteArrayInputStream(LAYER, (int) offset, LAYER.length - (int) offset);
  }

  private Outcome push(Sources from, SourceOptions options, String... elsewhere) {
    try (ImageDestination destination =
        from.destination(registry.authority() + "/a/b:v1", options)) {
      return destination.push(BLOB, PushTest::from, List.of(elsewhere));
    }
  }

  private Outcome push(String... elsewhere) {
    return push(sources, Sources.PLAIN, elsewhere);
  }

  private void assertArrived() {
    assertArrayEquals(LAYER, registry.blobs.get(BLOB.digest().toString()));
  }

  /** Takes some of a body, keeps it in the session, and breaks the connection. */
  private boolean breakOff(HttpExchange exchange, int after) throws IOException {
    String path = exchange.getRequestURI().getPath();
    byte[] taken = exchange.getRequestBody().readNBytes(after);
    registry.sessions.get(path.substring(path.lastIndexOf('/') + 1)).write(taken);
    exchange.close();
    return true;
  }

  private boolean first(HttpExchange exchange, String method) {
    return exchange.getRequestMethod().equals(method) && registry.faults.getAndIncrement() == 0;
  }

  @Test
  void aBlobIsSentInOneRequest() {
    assertEquals(Outcome.UPLOADED, push());
    assertArrived();
    String blobs = "/v2/a/b/blobs/";
    assertEquals(
        List.of(
            "HEAD " + blobs + BLOB.digest(),
            "POST " + blobs + "uploads/",
            "PUT " + blobs + "uploads/U"),
        registry.asked());
    assertTrue(registry.seen.getLast().query().startsWith("state=s%2F1&digest=sha256%3A"));
  }

  @Test
  void aBlobThatIsThereIsNotSent() {
    registry.blobs.put(BLOB.digest().toString(), LAYER);
    assertEquals(Outcome.EXISTED, push());
    assertEquals(1, registry.seen.size());
  }

  @Test
  void aBlobOfAnotherRepositoryIsMounted() {
    assertEquals(Outcome.MOUNTED, push("a/b", "has/it"));
    assertEquals(
        "mount=" + BLOB.digest().toString().replace(":", "%3A") + "&from=has%2Fit",
        registry.seen.getLast().query());
  }

  @Test
  void aRegistryThatDoesNotMountHasOpenedASession() {
    assertEquals(Outcome.UPLOADED, push("has/not"));
    assertArrived();
    assertEquals(3, registry.seen.size());
  }

  @Test
  void aMountThatIsNotAllowedIsNoFailure() {
    registry.fault(exchange -> {
      boolean mount = String.valueOf(exchange.getRequestURI().getQuery()).contains("mount=");
      if (mount) {
        FakeRegistry.error(exchange, 403, "DENIED", "not yours");
      }
      return mount;
    });
    assertEquals(Outcome.UPLOADED, push("some/other"));
    assertArrived();
  }

  @Test
  void aBlobIsSentInChunksWhereThatIsConfigured() {
    push(sources.chunked(2_000_000), Sources.PLAIN);
    assertArrived();
    List<String> ranges =
        registry.seen.stream()
            .filter(request -> request.method().equals("PATCH"))
            .map(request -> request.header("Content-range"))
            .toList();
    assertEquals(List.of("0-1999999", "2000000-3999999", "4000000-4999999"), ranges);
  }

  @Test
  void aBrokenUploadGoesOnWhereItBroke() {
    registry.fault(exchange -> first(exchange, "PUT") && breakOff(exchange, 3_000_000));
    push();
    assertArrived();
    UploadServer.Seen rest =
        registry.seen.stream().filter(r -> r.method().equals("PATCH")).findFirst().orElseThrow();
    assertEquals("3000000-4999999", rest.header("Content-range"));
  }

  @Test
  void aSessionThatIsForgottenIsOpenedAnew() {
    registry.fault(exchange -> {
      if (first(exchange, "PUT")) {
        breakOff(exchange, 1_000);
        registry.sessions.clear();
        return true;
      }
      return false;
    });
    push();
    assertArrived();
    assertEquals(2, registry.asked().stream().filter(line -> line.startsWith("POST")).count());
  }

  @Test
  void twoHalvesThatDoNotFitAreSentAgainInOne() {
    registry.fault(exchange -> {
      if (!first(exchange, "PUT")) {
        return false;
      }
      breakOff(exchange, 2_000_000);
      String path = exchange.getRequestURI().getPath();
      String id = path.substring(path.lastIndexOf('/') + 1);
      registry.sessions.get(id).reset();
      registry.sessions.get(id).write(new byte[2_000_000]);
      return true;
    });
    push();
    assertArrived();
  }

  @Test
  void whatStaysBrokenIsGivenUp() {
    registry.fault(exchange -> {
      if (exchange.getRequestMethod().equals("PUT")) {
        FakeRegistry.error(exchange, 503, "UNAVAILABLE", "later");
        return true;
      }
      return false;
    });
    UnavailableException e = assertThrows(UnavailableException.class, () -> push());
    assertTrue(e.getMessage().contains(registry.authority() + ": 503"), e.getMessage());
    assertEquals(3, sources.pauses.size());
  }

  @Test
  void aRefusalIsNotTriedAgain() {
    registry.fault(exchange -> {
      if (exchange.getRequestMethod().equals("POST")) {
        FakeRegistry.error(exchange, 403, "DENIED", "read only");
        return true;
      }
      return false;
    });
    PermissionDeniedException e = assertThrows(PermissionDeniedException.class, () -> push());
    assertTrue(e.getMessage().contains("read only"), e.getMessage());
    assertEquals(List.of(), sources.pauses);
  }

  @Test
  void contentThatIsTooShortIsAFailure() {
    try (ImageDestination destination =
        sources.destination(registry.authority() + "/a/b:v1", Sources.PLAIN)) {
      assertThrows(
          DataLossException.class,
          () ->
              destination.push(BLOB, offset -> new ByteArrayInputStream(new byte[10]), List.of()));
    }
    assertEquals(Map.of(), registry.blobs);
  }

  @Test
  void anotherHostsSessionGetsNoSecrets() throws IOException {
    try (UploadServer storage = new UploadServer()) {
      registry.fault(exchange -> {
        if (exchange.getRequestHeaders().getFirst("Authorization") == null) {
          exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"r\"");
          FakeRegistry.error(exchange, 401, "UNAUTHORIZED", "who are you");
          return true;
        }
        return false;
      });
      storage.sessions.put("u1", new java.io.ByteArrayOutputStream());
      registry.elsewhere = "http://" + storage.authority();
      SourceOptions options =
          new SourceOptions(
              (host, challenges) -> Optional.of(new Credentials.Basic("ann", "s3cret")),
              Map.of("X-Secret", "mine"),
              true,
              false,
              "");
      push(sources, options);
      assertArrayEquals(LAYER, storage.blobs.get(BLOB.digest().toString()));
      UploadServer.Seen put = storage.seen.getFirst();
      assertEquals("PUT", put.method());
      assertEquals("", put.header("Authorization"));
      assertEquals("", put.header("X-secret"));
      assertFalse(registry.seen.getLast().header("X-secret").isEmpty());
    }
  }

  @Test
  void aTraceShowsRequestsWithoutSecrets() {
    java.util.List<String> lines =
        java.util.Collections.synchronizedList(new java.util.ArrayList<>());
    push(
        sources,
        new SourceOptions(
            (host, challenges) -> Optional.empty(),
            Map.of("X-Secret", "mine"),
            true,
            false,
            "",
            lines::add));
    assertEquals(3, lines.size());
    assertTrue(
        lines.getFirst().endsWith("/v2/a/b/blobs/" + BLOB.digest() + ": 404"), lines.getFirst());
    assertFalse(String.join("", lines).contains("mine"));
    assertFalse(lines.getLast().contains("s%2F1"), lines.getLast());
  }

  @Test
  void tokensAreAskedForPushing() throws IOException {
    try (FakeRegistry tokens = FakeRegistry.plain()) {
      tokens.on("/token", exchange -> FakeRegistry.send(exchange, 200, "{\"token\":\"t\"}"));
      registry.fault(exchange -> {
        if (exchange.getRequestHeaders().getFirst("Authorization") == null) {
          exchange
              .getResponseHeaders()
              .set(
                  "WWW-Authenticate",
                  "Bearer realm=\"http://"
                      + tokens.authority()
                      + "/token\",service=\"s\",scope=\"repository:a/b:pull\"");
          FakeRegistry.error(exchange, 401, "UNAUTHORIZED", "token please");
          return true;
        }
        return false;
      });
      push(sources, Sources.plain(new Credentials.Basic("ann", "s3cret")));
      assertArrived();
      assertEquals(1, tokens.seen().size());
      assertTrue(
          tokens.seen().getFirst().query().endsWith("scope=repository%3Aa%2Fb%3Apull%2Cpush"),
          tokens.seen().getFirst().query());
    }
  }

  @Test
  void aManifestIsPutUnderItsNameOrItsDigest() {
    Descriptor manifest =
        new Descriptor(
            FakeRegistry.OCI_MANIFEST, Digest.of(Sources.MANIFEST), Sources.MANIFEST.length);
    try (ImageDestination destination =
        sources.destination(registry.authority() + "/a/b:v1", Sources.PLAIN)) {
      assertEquals(Outcome.UPLOADED, destination.push(manifest, Sources.MANIFEST, false));
      assertEquals(Outcome.UPLOADED, destination.push(manifest, Sources.MANIFEST, true));
      assertEquals(Outcome.EXISTED, destination.push(manifest, Sources.MANIFEST, true));
    }
    assertEquals(
        List.of("/v2/a/b/manifests/" + manifest.digest(), "/v2/a/b/manifests/v1"),
        registry.manifests.keySet().stream().sorted().toList());
    assertEquals(
        FakeRegistry.OCI_MANIFEST,
        registry.seen.stream()
            .filter(request -> request.method().equals("PUT"))
            .findFirst()
            .orElseThrow()
            .header("Content-type"));
  }

  @Test
  void onlyAHostWithTheCapabilityTakesPushes(@TempDir Path directory) throws IOException {
    Path hosts =
        Sources.hosts(
            directory,
            "registry.example",
            "server = \"http://" + registry.authority() + "\"",
            "[host.\"http://127.0.0.1:1\"]",
            "capabilities = [\"pull\", \"resolve\"]");
    try (ImageDestination destination =
        Sources.configured(hosts).destination("registry.example/a/b:v1", Sources.PLAIN)) {
      assertEquals(Outcome.UPLOADED, destination.push(BLOB, PushTest::from, List.of()));
    }
    assertTrue(registry.seen.getFirst().query().equals("ns=registry.example"));
    assertArrived();
  }

  @Test
  void aRegistryThatTakesNoByteIsGivenUp() throws IOException {
    Timing impatient =
        new Timing(
            Duration.ofSeconds(5),
            Duration.ofSeconds(5),
            Duration.ofMillis(200),
            Duration.ofSeconds(60),
            0);
    byte[] big = new byte[64 << 20];
    Descriptor blob = new Descriptor("application/octet-stream", Digest.of(big), big.length);
    java.util.concurrent.CountDownLatch end = new java.util.concurrent.CountDownLatch(1);
    try (RawServer raw =
            new RawServer((request, head, socket) -> {
              if (head.getFirst().startsWith("HEAD")) {
                RawServer.say(socket, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
              } else if (head.getFirst().startsWith("POST")) {
                RawServer.say(
                    socket,
                    "HTTP/1.1 202 Accepted\r\nLocation: /up/1\r\nContent-Length: 0\r\n\r\n");
              } else {
                try {
                  end.await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              }
            });
        ImageDestination destination =
            sources.with(impatient).destination(raw.authority() + "/a/b:v1", Sources.PLAIN)) {
      UnavailableException e =
          assertThrows(
              UnavailableException.class,
              () ->
                  destination.push(
                      blob,
                      offset ->
                          new ByteArrayInputStream(
                              Arrays.copyOfRange(big, (int) offset, big.length)),
                      List.of()));
      assertTrue(e.getMessage().contains("took no byte within"), e.getMessage());
    } finally {
      end.countDown();
    }
  }

  @Test
  void noHostThatTakesPushesIsSaid(@TempDir Path directory) throws IOException {
    Path hosts =
        Sources.hosts(
            directory,
            "registry.example",
            "server = \"http://" + registry.authority() + "\"",
            "capabilities = [\"pull\"]");
    FailedPreconditionException e =
        assertThrows(
            FailedPreconditionException.class,
            () -> Sources.configured(hosts).destination("registry.example/a/b:v1", Sources.PLAIN));
    assertTrue(e.getMessage().contains("no configured host takes pushes"), e.getMessage());
  }
}
