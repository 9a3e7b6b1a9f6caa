package dev.carafe.plugin.source.registry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import dev.carafe.spi.errors.PermissionDeniedException;
import dev.carafe.spi.errors.UnauthenticatedException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.images.Credentials;
import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.images.SourceOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class AuthorizationTest {
  private static final byte[] LAYER = Sources.noise(1000, 1);
  private static final Credentials PASSWORD = new Credentials.Basic("ann", "s3cret:ü");
  private static final String PASSWORD_HEADER = "Basic YW5uOnMzY3JldDrDvA==";

  private final Set<String> valid = ConcurrentHashMap.newKeySet();
  private final AtomicInteger issued = new AtomicInteger();
  private final Sources sources = Sources.plain();
  private FakeRegistry registry;
  private FakeRegistry tokens;

  @BeforeEach
  void start() throws IOException {
    registry = FakeRegistry.plain();
    tokens = FakeRegistry.plain();
    registry.manifest("a/b", "latest", Sources.MANIFEST, FakeRegistry.OCI_MANIFEST);
    registry.blob("a/b", LAYER);
    tokens.on("/token", this::issue);
  }

  @AfterEach
  void stop() {
    registry.close();
    tokens.close();
  }

  private void issue(HttpExchange exchange) throws IOException {
    String token = "token-" + issued.incrementAndGet();
    valid.add("Bearer " + token);
    FakeRegistry.send(exchange, 200, "{\"token\":\"" + token + "\",\"expires_in\":300}");
  }

  /** Lets through who has a valid token, and sends the others to the token service. */
  private void demandToken(HttpExchange exchange) throws IOException {
    String sent = exchange.getRequestHeaders().getFirst("Authorization");
    if (sent == null || !valid.contains(sent)) {
      challenge(exchange, bearer());
    }
  }

  private void demandPassword(HttpExchange exchange) throws IOException {
    if (!PASSWORD_HEADER.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
      challenge(exchange, "Basic realm=\"here\"");
    }
  }

  private String bearer() {
    return "Bearer realm=\"http://"
        + tokens.authority()
        + "/token\",service=\"the registry\",scope=\"repository:a/b:pull\"";
  }

  private static void challenge(HttpExchange exchange, String... challenges) throws IOException {
    for (String challenge : challenges) {
      exchange.getResponseHeaders().add("WWW-Authenticate", challenge);
    }
    FakeRegistry.error(exchange, 401, "UNAUTHORIZED", "authentication required");
  }

  private ImageSource.Repository open(SourceOptions options) {
    return sources.open(registry.authority() + "/a/b:latest", options);
  }

  private ImageSource.Repository open(Credentials credentials) {
    return open(Sources.plain(credentials));
  }

  private static byte[] layer(ImageSource.Repository repository) throws IOException {
    return Sources.fetch(repository, Sources.layer(LAYER), 0);
  }

  @Test
  void anAnonymousTokenIsFetchedOnceForAllRequests() throws IOException {
    registry.gate(this::demandToken);
    try (ImageSource.Repository repository = open(Sources.PLAIN)) {
      assertArrayEquals(LAYER, layer(repository));
      assertArrayEquals(LAYER, layer(repository));
    }
    assertEquals(1, issued.get());
    FakeRegistry.Seen request = tokens.seen().getFirst();
    assertEquals("GET", request.method());
    assertEquals("service=the+registry&scope=repository%3Aa%2Fb%3Apull", request.query());
    assertEquals("", request.header("Authorization"));
    assertEquals(4, registry.seen().size());
  }

  @Test
  void aPasswordGoesToTheTokenServiceAndNotToTheRegistry() throws IOException {
    registry.gate(this::demandToken);
    try (ImageSource.Repository repository = open(PASSWORD)) {
      assertArrayEquals(LAYER, layer(repository));
    }
    assertEquals(PASSWORD_HEADER, tokens.seen().getFirst().header("Authorization"));
    assertTrue(tokens.seen().getFirst().query().startsWith("account=ann&"));
    assertTrue(
        registry.seen().stream()
            .noneMatch(request -> request.header("Authorization").startsWith("Basic")));
  }

  @Test
  void aServiceThatKnowsOnlyPostGetsThePasswordByPost() throws IOException {
    registry.gate(this::demandToken);
    tokens.gate(exchange -> {
      if (exchange.getRequestMethod().equals("GET")) {
        FakeRegistry.send(exchange, 405, "");
      }
    });
    try (ImageSource.Repository repository = open(PASSWORD)) {
      assertArrayEquals(LAYER, layer(repository));
    }
    assertEquals(
        "grant_type=password&username=ann&password=s3cret%3A%C3%BC&client_id=carafe"
            + "&service=the+registry&scope=repository%3Aa%2Fb%3Apull",
        tokens.seen().getLast().body());
  }

  @Test
  void aRefreshTokenIsExchangedByPost() throws IOException {
    registry.gate(this::demandToken);
    try (ImageSource.Repository repository = open(new Credentials.RefreshToken("r&1"))) {
      assertArrayEquals(LAYER, layer(repository));
    }
    FakeRegistry.Seen request = tokens.seen().getFirst();
    assertEquals("POST", request.method());
    assertEquals(
        "grant_type=refresh_token&refresh_token=r%261&client_id=carafe"
            + "&service=the+registry&scope=repository%3Aa%2Fb%3Apull",
        request.body());
    assertEquals("", request.header("Authorization"));
  }

  @Test
  void anAccessTokenIsAsGoodAsAToken() {
    registry.gate(this::demandToken);
    valid.add("Bearer abc");
    tokens.on("/token", exchange -> FakeRegistry.send(exchange, 200, "{\"access_token\":\"abc\"}"));
    open(Sources.PLAIN).close();
  }

  @Test
  void withoutAScopeTheImagesOwnIsAskedFor() {
    registry.gate(exchange -> {
      if (exchange.getRequestHeaders().getFirst("Authorization") == null) {
        challenge(exchange, "Bearer realm=\"http://" + tokens.authority() + "/token\"");
      }
    });
    open(Sources.PLAIN).close();
    assertEquals("scope=repository%3Aa%2Fb%3Apull", tokens.seen().getFirst().query());
  }

  @Test
  void basicAuthorizationIsSentWithEveryRequestAfterTheChallenge() throws IOException {
    registry.gate(this::demandPassword);
    try (ImageSource.Repository repository = open(PASSWORD)) {
      assertArrayEquals(LAYER, layer(repository));
    }
    assertEquals(
        List.of("", PASSWORD_HEADER, PASSWORD_HEADER),
        registry.seen().stream().map(request -> request.header("Authorization")).toList());
  }

  @Test
  void aReadyHeaderIsSentAsItIs() throws IOException {
    registry.gate(exchange -> {
      if (!"Custom x y".equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
        challenge(exchange, bearer());
      }
    });
    try (ImageSource.Repository repository = open(new Credentials.Header("Custom x y"))) {
      assertArrayEquals(LAYER, layer(repository));
    }
    assertEquals(List.of(), tokens.seen());
  }

  @Test
  void bearerGoesBeforeBasic() {
    registry.gate(exchange -> {
      String sent = exchange.getRequestHeaders().getFirst("Authorization");
      if (sent == null || !valid.contains(sent)) {
        challenge(exchange, "Basic realm=\"here\", " + bearer(), "Negotiate");
      }
    });
    open(PASSWORD).close();
    assertEquals(1, issued.get());
  }

  @Test
  void credentialsAreAskedForOnceAndOnlyAfterAChallenge() throws IOException {
    List<String> asked = Collections.synchronizedList(new ArrayList<>());
    SourceOptions options =
        new SourceOptions(
            (host, challenges) -> {
              asked.add(host + " " + challenges);
              return Optional.of(PASSWORD);
            },
            Map.of(),
            true,
            false,
            "");
    open(options).close();
    assertEquals(List.of(), asked);
    registry.gate(this::demandToken);
    try (ImageSource.Repository repository = open(options)) {
      valid.clear();
      assertArrayEquals(LAYER, layer(repository));
    }
    assertEquals(List.of(registry.authority() + " [" + bearer() + "]"), asked);
  }

  @Test
  void aTokenThatExpiresInAPullIsReplaced() throws IOException {
    registry.gate(this::demandToken);
    try (ImageSource.Repository repository = open(Sources.PLAIN)) {
      valid.clear();
      assertArrayEquals(LAYER, layer(repository));
    }
    assertEquals(2, issued.get());
  }

  @Test
  void aFreshTokenThatIsRefusedIsNotFetchedAgain() {
    registry.gate(exchange -> challenge(exchange, bearer()));
    UnauthenticatedException e =
        assertThrows(UnauthenticatedException.class, () -> open(Sources.PLAIN));
    assertTrue(
        e.getMessage()
            .endsWith("401 authorization required (UNAUTHORIZED: authentication required)"),
        e.getMessage());
    // HEAD, and then GET for the registry's words: it asks the service a second time at most.
    assertTrue(issued.get() <= 2, "tokens fetched: " + issued.get());
  }

  @Test
  void aWiderScopeIsFetchedWhenItIsDemanded() throws IOException {
    registry.gate(exchange -> {
      String sent = exchange.getRequestHeaders().getFirst("Authorization");
      if (sent == null) {
        challenge(exchange, bearer());
      } else if (!sent.equals("Bearer token-2")) {
        challenge(exchange, bearer().replace(":pull", ":pull,delete"));
      }
    });
    try (ImageSource.Repository repository = open(Sources.PLAIN)) {
      assertArrayEquals(LAYER, layer(repository));
    }
    assertEquals(2, issued.get());
  }

  @Test
  void aWrongPasswordIsUnauthenticated() {
    registry.gate(this::demandPassword);
    assertThrows(UnauthenticatedException.class, () -> open(new Credentials.Basic("ann", "wrong")));
    assertThrows(UnauthenticatedException.class, () -> open(Sources.PLAIN));
  }

  @Test
  void theTokenServicesWordsAreShown() {
    registry.gate(this::demandToken);
    tokens.on(
        "/token",
        exchange -> FakeRegistry.send(exchange, 401, "{\"details\":\"incorrect username\"}"));
    UnauthenticatedException e = assertThrows(UnauthenticatedException.class, () -> open(PASSWORD));
    assertTrue(
        e.getMessage()
            .endsWith(
                "token service "
                    + tokens.authority()
                    + ": 401 authorization required (incorrect username)"),
        e.getMessage());
    assertFalse(e.getMessage().contains("s3cret"));
  }

  @Test
  void aTokenServiceMayDeny() {
    registry.gate(this::demandToken);
    tokens.on("/token", exchange -> FakeRegistry.send(exchange, 403, ""));
    assertThrows(PermissionDeniedException.class, () -> open(PASSWORD));
  }

  @Test
  void aTokenServiceThatIsBusyIsAskedAgain() {
    registry.gate(this::demandToken);
    AtomicInteger refusals = new AtomicInteger(2);
    tokens.gate(exchange -> {
      if (refusals.getAndDecrement() > 0) {
        FakeRegistry.send(exchange, 503, "");
      }
    });
    open(Sources.PLAIN).close();
    assertEquals(3, tokens.seen().size());
  }

  @Test
  void aTokenThatIsNoneIsRefused() {
    registry.gate(this::demandToken);
    for (String answer :
        List.of(
            "{}",
            "nonsense",
            "{\"token\":\"a\\r\\nX: y\"}",
            "{\"token\":\"" + "x".repeat(100_000) + "\"}")) {
      tokens.on("/token", exchange -> FakeRegistry.send(exchange, 200, answer));
      assertThrows(UnavailableException.class, () -> open(Sources.PLAIN), answer);
    }
  }

  @Test
  void aServiceThatSendsARequestWithCredentialsOnIsRefused() throws IOException {
    registry.gate(this::demandToken);
    try (FakeRegistry other = FakeRegistry.plain()) {
      tokens.on(
          "/token",
          exchange -> FakeRegistry.redirect(exchange, "http://" + other.authority() + "/token"));
      assertThrows(UnavailableException.class, () -> open(new Credentials.RefreshToken("refresh")));
      assertEquals(List.of(), other.seen());
    }
  }

  @Test
  void aServiceThatSendsAPasswordOnGetsItAlone() throws IOException {
    registry.gate(this::demandToken);
    try (FakeRegistry other = FakeRegistry.plain()) {
      other.on("/token", this::issue);
      tokens.on(
          "/token",
          exchange -> FakeRegistry.redirect(exchange, "http://" + other.authority() + "/token"));
      open(PASSWORD).close();
      assertEquals("", other.seen().getFirst().header("Authorization"));
    }
  }

  @Test
  void aHostileChallengeIsAnError() {
    for (String challenge :
        List.of(
            "Bearer realm=\"file:///etc/passwd\"",
            "Bearer realm=\"http://user:password@127.0.0.1/token\"",
            "Bearer realm=\"not a url\"",
            "Bearer",
            "\"",
            "=,=,=",
            "x".repeat(20_000))) {
      registry.gate(exchange -> challenge(exchange, challenge));
      assertThrows(UnauthenticatedException.class, () -> open(PASSWORD), challenge);
    }
    assertEquals(List.of(), tokens.seen());
  }

  @Test
  void manyRequestsAtOnceShareOneNewToken() throws Exception {
    registry.gate(this::demandToken);
    try (ImageSource.Repository repository = open(Sources.PLAIN)) {
      List<Thread> threads = new ArrayList<>();
      AtomicInteger whole = new AtomicInteger();
      for (int i = 0; i < 16; i++) {
        threads.add(
            Thread.startVirtualThread(() -> {
              try {
                whole.addAndGet(layer(repository).length);
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals(16 * LAYER.length, whole.get());
    }
    assertEquals(1, issued.get());
  }
}
