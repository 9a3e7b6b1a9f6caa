package dev.carafe.services.telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.FailedPreconditionException;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class MetricsEndpointTest {
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

  private static String get(MetricsEndpoint endpoint, String path) throws IOException {
    return ask(endpoint.address(), "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
  }

  @Test
  void thePageIsServedOnLoopback() throws IOException {
    try (MetricsEndpoint endpoint = MetricsEndpoint.open("127.0.0.1:0", () -> "up 1\n")) {
      for (String path : new String[] {"/v1/metrics", "/metrics", "/v1/metrics?x=y"}) {
        String answer = get(endpoint, path);
        assertTrue(answer.startsWith("HTTP/1.1 200 OK\r\n"), answer);
        assertTrue(answer.endsWith("\r\n\r\nup 1\n"), answer);
      }
    }
  }

  @Test
  void otherRequestsAreRefused() throws IOException {
    try (MetricsEndpoint endpoint = MetricsEndpoint.open("127.0.0.1:0", () -> "up 1\n")) {
      SocketAddress address = endpoint.address();
      assertTrue(get(endpoint, "/").startsWith("HTTP/1.1 404"));
      assertTrue(ask(address, "POST /metrics HTTP/1.1\r\n\r\n").startsWith("HTTP/1.1 405"));
      assertTrue(ask(address, "nonsense\r\n\r\n").startsWith("HTTP/1.1 400"));
      assertTrue(
          ask(address, "HEAD /metrics HTTP/1.1\r\n\r\n").endsWith("Connection: close\r\n\r\n"));
    }
  }

  @Test
  void aRequestWithoutEndIsCutOff() throws IOException {
    try (MetricsEndpoint endpoint = MetricsEndpoint.open("127.0.0.1:0", () -> "up 1\n")) {
      assertTrue(
          ask(endpoint.address(), "GET /" + "x".repeat(8 * 1024 - 5)).startsWith("HTTP/1.1 400"));
    }
  }

  @Test
  void aUnixSocketIsForRootOnlyAndGoesWithIt(@TempDir Path directory) throws IOException {
    Path socket = directory.resolve("m.sock");
    try (MetricsEndpoint endpoint = MetricsEndpoint.open(socket.toString(), () -> "up 1\n")) {
      assertEquals(
          "rw-rw----", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
      assertTrue(get(endpoint, "/metrics").contains("up 1"));
    }
    assertFalse(Files.exists(socket));
  }

  @Test
  void itListensOnLoopbackOnlyAndOverwritesNothing(@TempDir Path directory) throws IOException {
    assertThrows(
        FailedPreconditionException.class, () -> MetricsEndpoint.open("0.0.0.0:0", () -> ""));
    Path file = Files.writeString(directory.resolve("file"), "mine");
    assertThrows(
        FailedPreconditionException.class, () -> MetricsEndpoint.open(file.toString(), () -> ""));
    assertEquals("mine", Files.readString(file));
  }
}
