package dev.carafe.integration;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A headless Chromium with one page, spoken to by the DevTools protocol. */
final class Browser implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Process process;
  private final HttpClient http = HttpClient.newHttpClient();
  private final AtomicInteger count = new AtomicInteger();
  private final Map<Integer, CompletableFuture<JsonNode>> waiting = new ConcurrentHashMap<>();
  private final List<String> complaints = new CopyOnWriteArrayList<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final WebSocket socket;

  private Browser(Process process, int port) throws Exception {
    this.process = process;
    URI pages = URI.create("http://127.0.0.1:" + port + "/json/list");
    String page =
        Await.value(
            "the browser has a page",
            PATIENCE,
            () -> {
              String body =
                  http.send(
                          HttpRequest.newBuilder(pages).build(),
                          HttpResponse.BodyHandlers.ofString())
                      .body();
              for (JsonNode target : JSON.readTree(body)) {
                if (target.path("type").asText().equals("page")) {
                  return target.path("webSocketDebuggerUrl").asText();
                }
              }
              return null;
            });
    this.socket =
        http.newWebSocketBuilder()
            .buildAsync(URI.create(page), new Reader())
            .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    for (String domain : List.of("Page", "Runtime", "Log", "Network")) {
      call(domain + ".enable", Map.of());
    }
  }

  /** Whether there is one on this machine. */
  static Optional<Path> program() {
    for (String directory : System.getenv().getOrDefault("PATH", "").split(":")) {
      Path program = Path.of(directory.isEmpty() ? "." : directory, "chromium");
      if (Files.isExecutable(program)) {
        return Optional.of(program);
      }
    }
    return Optional.empty();
  }

  /** Starts one; everything that it keeps is below {@code home}. */
  static Browser start(Path program, Path home) throws Exception {
    Process process =
        new ProcessBuilder(
                program.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--disable-component-update",
                "--hide-scrollbars",
                "--no-first-run",
                "--force-device-scale-factor=1",
                "--remote-debugging-port=0",
                "--user-data-dir=" + home.resolve("profile"),
                "about:blank")
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("log").toFile())
            .start();
    try {
      Path port = home.resolve("profile/DevToolsActivePort");
      return new Browser(
          process,
          Await.value(
              "the browser listens",
              PATIENCE,
              () -> Integer.valueOf(Files.readAllLines(port).getFirst())));
    } catch (Exception | AssertionError e) {
      process.destroyForcibly();
      throw e;
    }
  }

  JsonNode call(String method, Map<String, ?> parameters) {
    int id = count.incrementAndGet();
    ObjectNode message = JSON.createObjectNode().put("id", id).put("method", method);
    message.set("params", JSON.valueToTree(parameters));
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    waiting.put(id, answer);
    try {
      socket.sendText(message.toString(), true).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      JsonNode whole = answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      if (whole.has("error")) {
        throw new AssertionError(method + ": " + whole.get("error"));
      }
      return whole.path("result");
    } catch (Exception e) {
      throw new AssertionError(method, e);
    }
  }

  /** The page is this wide now. */
  void resize(int width, int height) {
    call(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
  }

  /** What the reader prefers: {@code light} or {@code dark}. */
  void colours(String scheme) {
    call(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
  }

  void open(String url) {
    call("Page.navigate", Map.of("url", url));
  }

  void press(String key, int code) {
    for (String type : List.of("keyDown", "keyUp")) {
      call(
          "Input.dispatchKeyEvent",
          Map.of("type", type, "key", key, "code", key, "windowsVirtualKeyCode", code));
    }
  }

  /** The value of an expression in the page. */
  JsonNode evaluate(String expression) {
    JsonNode result =
        call("Runtime.evaluate", Map.of("expression", expression, "returnByValue", true));
    if (result.has("exceptionDetails")) {
      throw new AssertionError(expression + ": " + result.get("exceptionDetails"));
    }
    return result.path("result").path("value");
  }

  /** Waits until an expression in the page is true. */
  void await(String expression) {
    Await.until(expression, PATIENCE, () -> evaluate(expression).asBoolean());
  }

  void screenshot(Path file, boolean wholePage) throws IOException {
    JsonNode picture =
        call("Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", wholePage));
    Files.createDirectories(file.getParent());
    Files.write(file, Base64.getDecoder().decode(picture.path("data").asText()));
  }

  /** What the page has complained of: errors, exceptions, violations of its policy. */
  List<String> complaints() {
    return List.copyOf(complaints);
  }

  /** Every URL that was asked for. */
  List<String> requests() {
    return List.copyOf(requests);
  }

  private void heard(JsonNode message) {
    JsonNode parameters = message.path("params");
    switch (message.path("method").asText()) {
      case "Runtime.exceptionThrown" -> complaints.add(parameters.toString());
      case "Runtime.consoleAPICalled" -> {
        if (List.of("error", "warning").contains(parameters.path("type").asText())) {
          complaints.add(parameters.toString());
        }
      }
      case "Log.entryAdded" -> complaints.add(parameters.path("entry").toString());
      case "Network.requestWillBeSent" ->
          requests.add(parameters.path("request").path("url").asText());
      default -> {
        CompletableFuture<JsonNode> answer = waiting.remove(message.path("id").asInt());
        if (answer != null) {
          answer.complete(message);
        }
      }
    }
  }

  @Override
  public void close() throws Exception {
    socket.abort();
    http.close();
    List<ProcessHandle> children = process.descendants().toList();
    process.destroy();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
    for (ProcessHandle child : children) {
      child.destroyForcibly();
      child.onExit().get(10, TimeUnit.SECONDS);
    }
  }

  /** Puts messages together. */
  private final class Reader implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      text.append(part);
      if (last) {
        try {
          heard(JSON.readTree(text.toString()));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        } finally {
          text.setLength(0);
        }
      }
      from.request(1);
      return CompletableFuture.completedStage(null);
    }
  }
}
