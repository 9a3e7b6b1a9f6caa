package dev.carafe.services.loopback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnavailableException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LoopbackServerTest {
  private static LoopbackServer open(String address) {
    return LoopbackServer.open(
        "test",
        address,
        request -> {
          if (request.path().equals("/broken")) {
            throw new IllegalStateException("no");
          }
          return Answer.text("200 OK", request.path() + " for " + request.header("Who"))
              .with(Map.of("X-Test", "yes"));
        });
  }

  private static String ask(SocketAddress address, String request) throws IOException {
    try (SocketChannel channel = SocketChannel.open(address)) {
      channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.ISO_8859_1)));
      ByteBuffer answer = ByteBuffer.allocate(1 << 20);
      while (channel.read(answer) >= 0) {
        assertTrue(answer.hasRemaining());
      }
      return new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void aHandlerSeesPathAndHeadersAndAddsItsOwn() throws IOException {
    try (LoopbackServer server = open("127.0.0.1:0")) {
      String answer = ask(server.address(), "GET /a?b=c HTTP/1.1\r\nwHO:  me \r\n\r\n");
      assertTrue(answer.startsWith("HTTP/1.1 200 OK\r\n"), answer);
      assertTrue(answer.contains("\r\nX-Test: yes\r\n"), answer);
      assertTrue(answer.endsWith("\r\n\r\n/a for me"), answer);
    }
  }

  @Test
  void aRefusalReachesWhoSendsABody() throws IOException {
    try (LoopbackServer server = open("127.0.0.1:0")) {
      String body = "x".repeat(20_000);
      String answer = ask(server.address(), "POST / HTTP/1.1\r\n\r\n" + body);
      assertTrue(answer.startsWith("HTTP/1.1 405 "), answer);
      assertTrue(answer.contains("\r\nAllow: GET, HEAD\r\n"), answer);
    }
  }

  @Test
  void aHandlerThatFailsIsAnAnswerToo() throws IOException {
    try (LoopbackServer server = open("localhost:0")) {
      String answer = ask(server.address(), "GET /broken HTTP/1.1\r\n\r\n");
      assertTrue(answer.startsWith("HTTP/1.1 500 "), answer);
      assertTrue(ask(server.address(), "GET /fine HTTP/1.1\r\n\r\n").contains(" 200 OK"));
    }
  }

  @Test
  void thereAreOnlySoManyConnectionsAtOnce() throws IOException {
    try (LoopbackServer server = open("127.0.0.1:0")) {
      // Given
      List<SocketChannel> silent = new ArrayList<>();
      try {
        for (int i = 0; i < 16; i++) {
          SocketChannel channel = SocketChannel.open(server.address());
          channel.write(ByteBuffer.wrap("GET".getBytes(StandardCharsets.ISO_8859_1)));
          silent.add(channel);
        }
        // When
        try (SocketChannel another = SocketChannel.open(server.address())) {
          // Then
          assertEquals(-1, another.read(ByteBuffer.allocate(1)));
        }
      } finally {
        for (SocketChannel channel : silent) {
          channel.close();
        }
      }
    }
  }

  @Test
  void onlyLoopbackAndOnlyWhatIsFree() throws IOException {
    FailedPreconditionException everywhere =
        assertThrows(FailedPreconditionException.class, () -> open("0.0.0.0:0"));
    assertTrue(everywhere.getMessage().contains("not a loopback address"), everywhere.getMessage());
    assertThrows(InvalidArgumentException.class, () -> open("127.0.0.1:99999"));
    try (LoopbackServer server = open("127.0.0.1:0")) {
      int port = ((InetSocketAddress) server.address()).getPort();
      assertThrows(UnavailableException.class, () -> open("127.0.0.1:" + port));
    }
  }

  @Test
  void headsAreReadWithDistrust() {
    assertNull(Request.parse(""));
    assertNull(Request.parse("GET / FTP/1.1\r\n\r\n"));
    assertNull(Request.parse("GET http://elsewhere/ HTTP/1.1\r\n\r\n"));
    assertNull(Request.parse("GET / HTTP/1.1\r\nno colon\r\n\r\n"));
    assertNull(Request.parse("GET / HTTP/1.1\r\n: nameless\r\n\r\n"));
    Request request = Request.parse("HEAD / HTTP/1.0\r\nHost: a\r\nHOST: b\r\n\r\n");
    assertNotNull(request);
    assertEquals("b", request.header("Host"));
  }
}
