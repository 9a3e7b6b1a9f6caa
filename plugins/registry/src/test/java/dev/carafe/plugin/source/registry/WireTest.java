package dev.carafe.plugin.source.registry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class WireTest {
  private static Wire wire() {
    return new Wire(
        new Dialer(
            new Tls(new SystemTrust(Map.of())),
            TlsSettings.DEFAULT,
            Proxies.of(Map.of()),
            Sources.TIMING,
            Duration.ofSeconds(5)),
        Sources.TIMING,
        line -> {});
  }

  private static Reply send(Wire wire, RawServer server, String method) throws IOException {
    return wire.send(
        method,
        URI.create("http://" + server.authority() + "/x?y=z"),
        Headers.builder().add("X-Test", "v").build(),
        Budget.of(Duration.ofSeconds(30)));
  }

  private static String body(String answer) throws IOException {
    try (RawServer server =
            new RawServer((request, head, socket) -> {
              RawServer.say(socket, answer);
              socket.close();
            });
        Wire wire = wire();
        Reply reply = send(wire, server, "GET")) {
      return new String(reply.body().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  @Test
  void aRequestIsWhatTheProtocolAsksFor() throws IOException {
    try (RawServer server = RawServer.saying("HTTP/1.1 204 No Content\r\n\r\n");
        Wire wire = wire()) {
      send(wire, server, "GET").close();
      assertEquals(
          java.util.List.of("GET /x?y=z HTTP/1.1", "Host: " + server.authority(), "X-Test: v"),
          server.heads().getFirst());
    }
  }

  @Test
  void aBodyOfGivenLengthEndsThere() throws IOException {
    assertEquals("abc", body("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef"));
    assertEquals("", body("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nabcdef"));
    assertEquals("abc", body("HTTP/1.1 200\r\nContent-Length: 3, 3\r\n\r\nabc"));
    assertEquals("abc", body("HTTP/1.1 200 OK\ncontent-LENGTH:3\n\nabc"));
  }

  @Test
  void aBodyWithoutLengthEndsWithTheConnection() throws IOException {
    assertEquals("abcdef", body("HTTP/1.0 200 OK\r\n\r\nabcdef"));
  }

  @Test
  void chunksAreJoined() throws IOException {
    assertEquals(
        "abcdefghij0123456789",
        body(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "3\r\nabc\r\n7;x=y\r\ndefghij\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"));
  }

  @Test
  void interimAnswersArePassedOver() throws IOException {
    assertEquals(
        "abc",
        body(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 99 Odd\r\n\r\n",
        "HTTP/1.1 2000 Odd\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
        "HTTP/1.1 200 OK\r\na b: spaced name\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: 1\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\u0000b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n"
      })
  void whatIsNotHttpIsRefused(String answer) {
    assertThrows(ProtocolException.class, () -> body(answer));
  }

  @Test
  void headsAreBounded() {
    assertThrows(
        ProtocolException.class,
        () -> body("HTTP/1.1 200 OK\r\nX: " + "x".repeat(100_000) + "\r\n\r\n"));
    assertThrows(
        ProtocolException.class,
        () -> body("HTTP/1.1 200 OK\r\n" + "X: y\r\n".repeat(300) + "\r\n"));
    assertThrows(
        ProtocolException.class,
        () -> body("HTTP/1.1 200 OK\r\n" + ("X: " + "x".repeat(50_000) + "\r\n").repeat(10)));
    assertThrows(ProtocolException.class, () -> body("HTTP/1.1 100 Continue\r\n\r\n".repeat(20)));
    assertThrows(
        ProtocolException.class,
        () ->
            body(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
                    + "X: y\r\n".repeat(100)
                    + "\r\n"));
  }

  @Test
  void anEndInsideAnAnswerIsSeen() {
    assertThrows(EOFException.class, () -> body("HTTP/1.1 200 OK\r\nContent-Le"));
    assertThrows(EOFException.class, () -> body("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"));
    assertThrows(
        EOFException.class,
        () -> body("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"));
    assertThrows(
        EOFException.class,
        () -> body("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"));
  }

  @Test
  void anAnswerToHeadHasNoBody() throws IOException {
    try (RawServer server = RawServer.saying("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        Wire wire = wire()) {
      for (int i = 0; i < 3; i++) {
        try (Reply reply = send(wire, server, "HEAD")) {
          assertEquals(-1, reply.body().read());
        }
      }
      assertEquals(1, server.connections());
    }
  }

  @Test
  void aConnectionThatDiedWhileItRestedIsReplaced() throws IOException {
    try (RawServer server =
            new RawServer((request, head, socket) -> {
              RawServer.say(socket, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
              socket.close();
            });
        Wire wire = wire()) {
      for (int i = 0; i < 3; i++) {
        try (Reply reply = send(wire, server, "GET")) {
          assertEquals(3, reply.body().readAllBytes().length);
        }
      }
      assertEquals(3, server.connections());
    }
  }

  @Test
  void bytesThatNobodyAskedForEndAConnection() throws IOException {
    try (RawServer server =
            RawServer.saying(
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
                    + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
        Wire wire = wire()) {
      for (int i = 0; i < 3; i++) {
        try (Reply reply = send(wire, server, "GET")) {
          assertArrayEquals(Sources.utf8("abc"), reply.body().readAllBytes());
        }
      }
    }
  }

  @Test
  void aBodyLeftUnreadTakesItsConnectionWithIt() throws IOException {
    try (RawServer server = RawServer.saying("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef");
        Wire wire = wire()) {
      try (Reply reply = send(wire, server, "GET")) {
        assertEquals('a', reply.body().read());
      }
      try (Reply reply = send(wire, server, "GET")) {
        assertEquals(6, reply.body().readAllBytes().length);
      }
      assertEquals(2, server.connections());
    }
  }

  @Test
  void aClosedClientOpensNothing() throws IOException {
    try (RawServer server = RawServer.saying("HTTP/1.1 204 No Content\r\n\r\n")) {
      Wire wire = wire();
      wire.close();
      assertThrows(DialException.class, () -> send(wire, server, "GET"));
      assertEquals(0, server.connections());
    }
  }

  @Test
  void headersCannotBreakOutOfTheirField() {
    Headers.Builder headers = Headers.builder();
    for (String value : new String[] {"a\r\nX: y", "a\nb", "a\u0000b", "a\u007fb"}) {
      assertThrows(IllegalArgumentException.class, () -> headers.add("X", value));
    }
    for (String name : new String[] {"", "a b", "a:b", "a\r\nb", "\u00e4"}) {
      assertThrows(IllegalArgumentException.class, () -> headers.add(name, "x"));
    }
    assertTrue(headers.add("X", "a\tb \u00e4").build().first("x").isPresent());
  }
}
