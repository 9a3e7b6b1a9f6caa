package dev.carafe.cri.streaming;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class UrlTest {
  private static final String V4 = "v4.channel.k8s.io";

  @Test
  void aUrlIsGoodForOneConnection() throws Exception {
    // Given
    AtomicInteger runs = new AtomicInteger();
    try (Served served = Served.start().exec((_, _) -> runs.incrementAndGet())) {
      URI url = served.server().exec(Served.outputOnly());

      // When
      try (SpdyClient first = SpdyClient.connect(url, V4);
          SpdyClient second = SpdyClient.connect(url, V4)) {
        // Then
        assertEquals(101, first.response.get().status().code());
        assertEquals(404, second.response.get().status().code());
        assertEquals(0, runs.get());
      }
    }
  }

  @Test
  void aUrlExpires() {
    // Given
    AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
    PendingRequests pending = new PendingRequests(10, Duration.ofNanos(100), now::get);
    String token = pending.add(Served.plain());
    assertTrue(pending.find("exec", token).isPresent());

    // When
    now.addAndGet(100);

    // Then
    assertTrue(pending.find("exec", token).isEmpty());
    assertFalse(pending.take(token));
  }

  @Test
  void whatWaitsIsBoundedAndMakesRoomWhenItExpires() {
    // Given
    AtomicLong now = new AtomicLong();
    PendingRequests pending = new PendingRequests(2, Duration.ofNanos(100), now::get);
    pending.add(Served.plain());
    now.set(50);
    pending.add(Served.plain());

    // When
    assertThrows(ResourceExhaustedException.class, () -> pending.add(Served.plain()));

    // Then
    now.set(100);
    pending.add(Served.plain());
    assertThrows(ResourceExhaustedException.class, () -> pending.add(Served.plain()));
  }

  @Test
  void tokensAre128BitsThatDoNotRepeat() {
    // Given
    PendingRequests pending = new PendingRequests(1000, Duration.ofMinutes(1), System::nanoTime);
    Set<String> tokens = new HashSet<>();

    // When
    for (int i = 0; i < 1000; i++) {
      tokens.add(pending.add(Served.plain()));
    }

    // Then
    assertEquals(1000, tokens.size());
    assertTrue(tokens.stream().allMatch(token -> token.matches("[A-Za-z0-9_-]{22}")));
  }

  @Test
  void aTokenIsGoodForItsKindOnly() throws Exception {
    // Given
    try (Served served = Served.start()) {
      String url = served.server().exec(Served.outputOnly()).toString();

      // When
      try (SpdyClient client =
          SpdyClient.connect(URI.create(url.replace("/exec/", "/attach/")), V4)) {
        // Then
        assertEquals(404, client.response.get().status().code());
      }
      try (SpdyClient client = SpdyClient.connect(URI.create(url), V4)) {
        assertEquals(101, client.response.get().status().code());
      }
    }
  }

  @Test
  void aRequestWithoutAnUpgradeIsToldSoAndTheUrlStaysGood() throws Exception {
    // Given
    try (Served served = Served.start();
        HttpClient http = HttpClient.newHttpClient()) {
      URI url = served.server().exec(Served.outputOnly());

      // When
      HttpResponse<String> got =
          http.send(HttpRequest.newBuilder(url).build(), HttpResponse.BodyHandlers.ofString());
      HttpResponse<String> posted =
          http.send(
              HttpRequest.newBuilder(url).POST(HttpRequest.BodyPublishers.ofString("body")).build(),
              HttpResponse.BodyHandlers.ofString());
      HttpResponse<String> elsewhere =
          http.send(
              HttpRequest.newBuilder(url.resolve("/../etc/passwd")).build(),
              HttpResponse.BodyHandlers.ofString());

      // Then
      assertEquals(400, got.statusCode());
      assertEquals("upgrade to SPDY/3.1 or websocket\n", got.body());
      assertEquals(400, posted.statusCode());
      assertEquals(404, elsewhere.statusCode());
      try (SpdyClient client = SpdyClient.connect(url, V4)) {
        assertEquals(101, client.response.get().status().code());
      }
    }
  }

  @Test
  void requestsThatCannotBeRightAreRefused() {
    assertThrows(
        InvalidArgumentException.class,
        () -> new ExecRequest("c", List.of("sh"), false, false, false, false));
    assertThrows(
        InvalidArgumentException.class,
        () -> new ExecRequest("c", List.of("sh"), true, true, true, true));
    assertThrows(
        InvalidArgumentException.class,
        () -> new ExecRequest("c", List.of(), false, true, true, true));
    assertThrows(
        InvalidArgumentException.class,
        () -> new ExecRequest("", List.of("sh"), false, true, true, true));
    assertThrows(
        InvalidArgumentException.class, () -> new AttachRequest("c", true, true, true, true));
    assertThrows(
        InvalidArgumentException.class, () -> new AttachRequest("c", true, false, false, false));
    assertThrows(InvalidArgumentException.class, () -> new PortForwardRequest("s", List.of(80, 0)));
    assertThrows(
        InvalidArgumentException.class, () -> new PortForwardRequest("s", List.of(65_536)));
    assertThrows(
        InvalidArgumentException.class,
        () -> new PortForwardRequest("s", java.util.Collections.nCopies(128, 80)));
  }

  @Test
  void configurationThatCannotBeRightIsRefused() {
    Served.Settings settings = new Served.Settings();
    settings.tlsCert = "/cert.pem";
    assertThrows(InvalidArgumentException.class, settings::config);

    settings = new Served.Settings();
    settings.tlsCa = "/ca.pem";
    assertThrows(InvalidArgumentException.class, settings::config);

    settings = new Served.Settings();
    settings.idle = Duration.ZERO;
    assertThrows(InvalidArgumentException.class, settings::config);

    settings = new Served.Settings();
    settings.message = 1;
    assertThrows(InvalidArgumentException.class, settings::config);
  }

  @Test
  void anAddressThatNoUrlCanNameIsRefused() {
    for (String address : List.of("0.0.0.0", "::", "localhost", "")) {
      StreamingConfig good = StreamingConfig.DEFAULT;
      assertThrows(
          InvalidArgumentException.class,
          () ->
              new StreamingConfig(
                  address,
                  0,
                  "",
                  "",
                  "",
                  good.idleTimeout(),
                  good.streamCreationTimeout(),
                  good.pingInterval(),
                  good.tokenTtl(),
                  10,
                  10,
                  10,
                  1 << 20));
    }
  }

  @Test
  void theDefaultsAreOnLoopbackWithoutTls() {
    StreamingConfig config = StreamingConfig.DEFAULT;
    assertEquals("127.0.0.1", config.address());
    assertEquals(0, config.port());
    assertFalse(config.tls());
    assertEquals(Duration.ofHours(4), config.idleTimeout());
    assertEquals(Duration.ofSeconds(30), config.streamCreationTimeout());
    assertEquals(Duration.ofMinutes(1), config.tokenTtl());
    assertEquals(1000, config.maxPending());
  }

  @Test
  void anAddressInUseIsUnavailable() {
    try (Served served = Served.start()) {
      StreamingConfig taken =
          new StreamingConfig(
              "127.0.0.1",
              served.server().address().getPort(),
              "",
              "",
              "",
              Duration.ofHours(4),
              Duration.ofSeconds(30),
              Duration.ofSeconds(15),
              Duration.ofMinutes(1),
              10,
              10,
              10,
              1 << 20);
      assertThrows(
          dev.carafe.spi.errors.UnavailableException.class,
          () -> StreamingServer.start(taken, served));
    }
  }
}
