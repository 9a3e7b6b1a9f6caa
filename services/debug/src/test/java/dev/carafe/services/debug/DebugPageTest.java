package dev.carafe.services.debug;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.engine.observe.Observer;
import dev.carafe.engine.stores.GarbageCollector;
import dev.carafe.graph.PluginNode;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.Event;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DebugPageTest {
  private static final String HOSTILE = "</script><script>alert(1)</script>\"'&\u0000";

  private final QueueBus bus = new QueueBus();
  private final NothingStored metadata = new NothingStored();
  private final DebugPage page =
      DebugPage.open(
          "127.0.0.1:0",
          new DebugSources(
              "v1",
              () ->
                  List.of(
                      new PluginFigures(
                          new PluginNode(
                              "io.containerd.nri.v1",
                              HOSTILE,
                              List.of(),
                              List.of(),
                              PluginNode.State.FAILED,
                              1,
                              HOSTILE,
                              "x.jar"),
                          7,
                          1,
                          0,
                          0,
                          2)),
              metadata,
              () -> {
                throw new FailedPreconditionException("no tasks here");
              },
              bus));

  @AfterEach
  void close() {
    page.close();
    assertTrue(bus.closed);
  }

  private String ask(String request) throws IOException {
    try (SocketChannel channel = SocketChannel.open(page.address())) {
      channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.ISO_8859_1)));
      ByteBuffer answer = ByteBuffer.allocate(1 << 20);
      while (channel.read(answer) >= 0) {
        assertTrue(answer.hasRemaining());
      }
      return new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8);
    }
  }

  private String get(String path, String... headers) throws IOException {
    String more = headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n";
    return ask("GET " + path + " HTTP/1.1\r\nHost: localhost:1339\r\n" + more + "\r\n");
  }

  private static String body(String answer) {
    return answer.substring(answer.indexOf("\r\n\r\n") + 4);
  }

  private JsonObject snapshot() throws IOException {
    return Json.object("snapshot", body(get("/api/snapshot")).getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void everyPartOfThePageIsServedUnderAStrictPolicy() throws IOException {
    for (String path :
        List.of(
            "/",
            "/page.css",
            "/page.js",
            "/icon.svg",
            "/graph.css",
            "/graph.svg",
            "/api/graph",
            "/api/snapshot",
            "/threads")) {
      String answer = get(path);
      assertTrue(answer.startsWith("HTTP/1.1 200 OK\r\n"), path + ": " + answer);
      assertTrue(answer.contains("\r\nContent-Security-Policy: default-src 'none'; "), path);
      assertTrue(answer.contains("\r\nX-Content-Type-Options: nosniff\r\n"), path);
      assertFalse(answer.contains("Access-Control-"), path);
      assertFalse(answer.contains("unsafe-inline"), path);
    }
    assertTrue(get("/etc/passwd").startsWith("HTTP/1.1 404 "));
    assertTrue(get("/../page.js").startsWith("HTTP/1.1 404 "));
  }

  @Test
  void thePageNamesNothingFromElsewhereAndHasNoScriptInIt() throws IOException {
    for (String path : List.of("/", "/page.css", "/page.js", "/graph.css")) {
      String text = body(get(path)).replace("http://www.w3.org/2000/svg", "");
      assertFalse(text.contains("http:") || text.contains("https:"), path);
      assertFalse(text.contains("innerHTML") || text.contains("insertAdjacentHTML"), path);
      assertFalse(text.contains(" style=\"") || text.contains(" onclick="), path);
    }
  }

  @Test
  void onlyNamesOfThisMachineAreAnsweredTo() throws IOException {
    for (String host :
        List.of("localhost", "LOCALHOST:80", "127.0.0.1:1339", "127.1.2.3", "[::1]:1339")) {
      assertTrue(
          ask("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n").startsWith("HTTP/1.1 200"), host);
    }
    for (String host :
        List.of(
            "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "")) {
      assertTrue(
          ask("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n").startsWith("HTTP/1.1 403"), host);
    }
    assertTrue(ask("GET /api/snapshot HTTP/1.0\r\n\r\n").startsWith("HTTP/1.1 403"));
  }

  @Test
  void pagesOfOtherOriginsGetNothing() throws IOException {
    assertTrue(get("/api/snapshot", "Sec-Fetch-Site: cross-site").startsWith("HTTP/1.1 403"));
    assertTrue(get("/api/snapshot", "Sec-Fetch-Site: same-site").startsWith("HTTP/1.1 403"));
    assertTrue(get("/api/snapshot", "Sec-Fetch-Site: same-origin").startsWith("HTTP/1.1 200"));
    assertTrue(
        get("/", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate")
            .startsWith("HTTP/1.1 200"));
  }

  @Test
  void hostileTextStaysTextInFiguresAndPicture() throws Exception {
    // Given
    bus.publish(new Envelope(Instant.now(), "ns", "/tasks/oom", new Event.TaskOom(HOSTILE)));
    // When
    JsonObject snapshot = snapshot();
    while (!snapshot.toString().contains("containerId")) {
      snapshot = snapshot();
    }
    // Then
    assertTrue(snapshot.toString().contains("containerId=" + HOSTILE), snapshot::toString);
    for (String path : List.of("/api/graph", "/graph.svg")) {
      assertFalse(body(get(path)).contains("<script"), path);
      assertTrue(body(get(path)).contains("&lt;script&gt;alert(1)"), path);
    }
  }

  @Test
  void flowsAndCollectionsAreShown() throws IOException {
    // Given
    metadata.collected(
        new GarbageCollector.Report(
            Map.of("content", 3), Duration.ofMillis(12), Duration.ofMillis(1)));
    try (Observer.Span ended = page.observer().begin("pull", "example.com/old:1")) {
      ended.failed(new IllegalStateException("not found"));
    }
    Observer.Span span = page.observer().begin("pull", "example.com/new:1");
    span.progress("layer-a", "downloading", 10, 100);
    span.progress("layer-a", "downloading", 40, 100);
    span.progress("layer-b", "complete", 20, 20);
    // When
    String text = body(get("/api/snapshot"));
    // Then
    assertTrue(text.contains("\"removed\":{\"content\":3}"), text);
    assertTrue(text.contains("\"subject\":\"example.com/new:1\""), text);
    assertTrue(text.contains("\"done\":60,\"total\":120"), text);
    assertTrue(text.contains("\"error\":\"not found\""), text);
    span.close();
    assertTrue(body(get("/api/snapshot")).contains("\"running\":[],\"count\":0"));
  }

  @Test
  void whatCannotBeReadIsSaidToBeUnknown() throws IOException {
    String text = body(get("/api/snapshot"));
    assertTrue(text.contains("\"tasks\":{\"count\":0,\"list\":[],\"known\":false"), text);
    assertEquals("v1", snapshot().text("version"));
  }
}
