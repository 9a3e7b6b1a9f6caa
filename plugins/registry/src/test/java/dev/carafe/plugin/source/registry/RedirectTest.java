package dev.carafe.plugin.source.registry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.PermissionDeniedException;
import dev.carafe.spi.errors.UnauthenticatedException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.images.Credentials;
import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.images.SourceOptions;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class RedirectTest {
  private static final byte[] LAYER = Sources.noise(100_000, 1);
  private static final String PATH = "/v2/a/b/blobs/" + Digest.of(LAYER);
  private static final SourceOptions OPTIONS =
      new SourceOptions(
          (host, challenges) -> Optional.of(new Credentials.Basic("ann", "s3cret")),
          Map.of("X-Secret", "mine"),
          true,
          false,
          "");

  private FakeRegistry registry;
  private FakeRegistry store;

  @BeforeEach
  void start() throws IOException {
    registry = FakeRegistry.plain();
    store = FakeRegistry.plain();
    registry.manifest("a/b", "latest", Sources.MANIFEST, FakeRegistry.OCI_MANIFEST);
    registry.gate(exchange -> {
      if (exchange.getRequestHeaders().getFirst("Authorization") == null) {
        exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=x");
        FakeRegistry.send(exchange, 401, "");
      }
    });
    store.on("/layer", exchange -> FakeRegistry.ranged(exchange, LAYER));
  }

  @AfterEach
  void stop() {
    registry.close();
    store.close();
  }

  private byte[] fetch(long offset) throws IOException {
    try (ImageSource.Repository repository =
        Sources.plain().open(registry.authority() + "/a/b", OPTIONS)) {
      return Sources.fetch(repository, Sources.layer(LAYER), offset);
    }
  }

  private void redirectTo(String location) {
    registry.on(PATH, exchange -> FakeRegistry.redirect(exchange, location));
  }

  @Test
  void anotherHostGetsNeitherAuthorizationNorConfiguredHeaders() throws IOException {
    redirectTo("http://" + store.authority() + "/layer?signature=abc%2Fdef");
    assertArrayEquals(LAYER, fetch(0));
    FakeRegistry.Seen request = store.seen().getFirst();
    assertEquals("", request.header("Authorization"));
    assertEquals("", request.header("X-Secret"));
    assertEquals("signature=abc%2Fdef", request.query());
    assertEquals("mine", registry.seen().getFirst().header("X-Secret"));
  }

  @Test
  void aRangeIsKeptOnTheWay() throws IOException {
    redirectTo("http://" + store.authority() + "/layer");
    assertEquals(LAYER.length - 5000, fetch(5000).length);
    assertEquals("bytes=5000-", store.seen().getFirst().header("Range"));
  }

  @Test
  void theSameHostKeepsAuthorization() throws IOException {
    redirectTo("/elsewhere");
    registry.on("/elsewhere", exchange -> FakeRegistry.send(exchange, 200, LAYER));
    assertArrayEquals(LAYER, fetch(0));
  }

  @Test
  void aWayBackFromAnotherHostDoesNotBringAuthorizationBack() throws IOException {
    redirectTo("http://" + store.authority() + "/back");
    store.on(
        "/back",
        exchange ->
            FakeRegistry.redirect(exchange, "http://" + registry.authority() + "/elsewhere"));
    registry.on("/elsewhere", exchange -> FakeRegistry.send(exchange, 200, LAYER));
    assertThrows(DaemonException.class, () -> fetch(0));
    FakeRegistry.Seen last =
        registry.seen().stream()
            .filter(request -> request.path().equals("/elsewhere"))
            .findFirst()
            .orElseThrow();
    assertEquals("", last.header("Authorization"));
    assertEquals("", last.header("X-Secret"));
  }

  @Test
  void aChallengeOfAnotherHostIsNotAnswered() throws IOException {
    try (FakeRegistry thief = FakeRegistry.plain()) {
      redirectTo("http://" + store.authority() + "/steal");
      store.on(
          "/steal",
          exchange -> {
            exchange
                .getResponseHeaders()
                .set("WWW-Authenticate", "Bearer realm=\"http://" + thief.authority() + "/t\"");
            FakeRegistry.send(exchange, 401, "");
          });
      assertThrows(UnauthenticatedException.class, () -> fetch(0));
      assertEquals(List.of(), thief.seen());
      assertEquals(1, store.seen().size());
    }
  }

  @Test
  void endlessRedirectsEnd() {
    redirectTo(PATH);
    UnavailableException e = assertThrows(UnavailableException.class, () -> fetch(0));
    assertTrue(e.getMessage().endsWith("more than 10 redirects"), e.getMessage());
  }

  @Test
  void strangeTargetsAreRefusedWithoutTheirSecrets() {
    for (String location :
        List.of(
            "file:///etc/passwd",
            "ftp://example.com/x?token=geheim",
            "http://user:geheim@127.0.0.1/x",
            "http:///nohost",
            "")) {
      redirectTo(location);
      UnavailableException e = assertThrows(UnavailableException.class, () -> fetch(0), location);
      assertFalse(e.getMessage().contains("geheim"), e.getMessage());
    }
  }

  @Test
  void aRefusalByTheStoreDoesNotShowTheSignature() {
    redirectTo("http://" + store.authority() + "/denied?X-Amz-Signature=geheim");
    store.on(
        "/denied",
        exchange ->
            FakeRegistry.error(
                exchange,
                403,
                "DENIED",
                "cannot get http://" + store.authority() + "/denied?X-Amz-Signature=geheim"));
    PermissionDeniedException e = assertThrows(PermissionDeniedException.class, () -> fetch(0));
    assertFalse(e.getMessage().contains("geheim"), e.getMessage());
    assertTrue(e.getMessage().contains("?[redacted]"), e.getMessage());
  }

  @Test
  void unescapedCharactersInALocationAreEscaped() throws IOException {
    redirectTo("http://" + store.authority() + "/layer?a=b|c d&e={f}");
    assertArrayEquals(LAYER, fetch(0));
    assertEquals("a=b%7Cc%20d&e=%7Bf%7D", store.seen().getFirst().query());
  }

  @Test
  void aCutBehindARedirectAsksTheRegistryForANewOne() throws IOException {
    redirectTo("http://" + store.authority() + "/layer");
    store.on(
        "/layer",
        exchange -> {
          if (FakeRegistry.rangeStart(exchange) == 0) {
            FakeRegistry.cut(exchange, 200, LAYER, 0, 70_000);
          } else {
            FakeRegistry.ranged(exchange, LAYER);
          }
        });
    assertArrayEquals(LAYER, fetch(0));
    assertEquals(
        2, registry.seen().stream().filter(request -> request.path().equals(PATH)).count());
  }
}
