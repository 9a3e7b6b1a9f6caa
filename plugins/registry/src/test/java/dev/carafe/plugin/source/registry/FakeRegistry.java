package dev.carafe.plugin.source.registry;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import dev.carafe.spi.content.Digest;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/** A registry on loopback that answers as a test says and remembers what it was asked. */
final class FakeRegistry implements AutoCloseable {
  static final String OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";

  /** One request as it came. */
  record Seen(String method, String path, String query, Headers headers, String body) {
    String header(String name) {
      String value = headers.getFirst(name);
      return value == null ? "" : value;
    }
  }

  interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<String, Answer> answers = new ConcurrentHashMap<>();
  private final List<Seen> seen = Collections.synchronizedList(new ArrayList<>());
  private volatile Answer gate = exchange -> {};

  private FakeRegistry(HttpServer server) {
    this.server = server;
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  static FakeRegistry plain() throws IOException {
    return new FakeRegistry(HttpServer.create(loopback(), 0));
  }

  static FakeRegistry tls(SSLContext context, boolean askForClient) throws IOException {
    HttpsServer server = HttpsServer.create(loopback(), 0);
    server.setHttpsConfigurator(
        new HttpsConfigurator(context) {
          @Override
          public void configure(HttpsParameters parameters) {
            SSLParameters wanted = context.getDefaultSSLParameters();
            wanted.setNeedClientAuth(askForClient);
            parameters.setSSLParameters(wanted);
          }
        });
    return new FakeRegistry(server);
  }

  /** Host and port. */
  String authority() {
    return "127.0.0.1:" + port();
  }

  int port() {
    return server.getAddress().getPort();
  }

  /** Answers a path; the answer may look at the method. */
  FakeRegistry on(String path, Answer answer) {
    answers.put(path, answer);
    return this;
  }

  /** Comes before every answer; one that sends something is the answer. */
  FakeRegistry gate(Answer answer) {
    gate = answer;
    return this;
  }

  /** Serves a manifest under a tag and its digest. */
  Digest manifest(String repository, String tag, byte[] bytes, String mediaType) {
    Digest digest = Digest.of(bytes);
    Answer answer =
        exchange -> {
          exchange.getResponseHeaders().set("Content-Type", mediaType);
          exchange.getResponseHeaders().set("Docker-Content-Digest", digest.toString());
          send(exchange, 200, bytes);
        };
    on("/v2/" + repository + "/manifests/" + tag, answer);
    on("/v2/" + repository + "/manifests/" + digest, answer);
    return digest;
  }

  /** Serves a blob, ranges included. */
  Digest blob(String repository, byte[] bytes) {
    Digest digest = Digest.of(bytes);
    on("/v2/" + repository + "/blobs/" + digest, exchange -> ranged(exchange, bytes));
    return digest;
  }

  /** All of it, or from where a Range field says. */
  static void ranged(HttpExchange exchange, byte[] bytes) throws IOException {
    int start = rangeStart(exchange);
    if (start == 0) {
      send(exchange, 200, bytes);
      return;
    }
    exchange
        .getResponseHeaders()
        .set("Content-Range", "bytes " + start + "-" + (bytes.length - 1) + "/" + bytes.length);
    send(exchange, 206, java.util.Arrays.copyOfRange(bytes, start, bytes.length));
  }

  static int rangeStart(HttpExchange exchange) {
    String range = exchange.getRequestHeaders().getFirst("Range");
    return range == null ? 0 : Integer.parseInt(range.replaceAll("bytes=([0-9]+)-", "$1"));
  }

  static void send(HttpExchange exchange, int status, byte[] bytes) throws IOException {
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", Integer.toString(bytes.length));
      exchange.sendResponseHeaders(status, -1);
    } else {
      exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
      if (bytes.length > 0) {
        exchange.getResponseBody().write(bytes);
      }
    }
    exchange.close();
  }

  static void send(HttpExchange exchange, int status, String text) throws IOException {
    send(exchange, status, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Declares all of the bytes, sends the first and closes the connection. */
  static void cut(HttpExchange exchange, int status, byte[] bytes, int from, int count)
      throws IOException {
    exchange.sendResponseHeaders(status, bytes.length - from);
    OutputStream out = exchange.getResponseBody();
    out.write(bytes, from, count);
    out.flush();
    exchange.close();
  }

  static void redirect(HttpExchange exchange, String location) throws IOException {
    exchange.getResponseHeaders().set("Location", location);
    send(exchange, 307, "");
  }

  /** The OCI error form. */
  static void error(HttpExchange exchange, int status, String code, String message)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    send(
        exchange,
        status,
        "{\"errors\":[{\"code\":\"" + code + "\",\"message\":\"" + message + "\"}]}");
  }

  List<Seen> seen() {
    synchronized (seen) {
      return List.copyOf(seen);
    }
  }

  /** What was asked, as {@code METHOD PATH}. */
  List<String> asked() {
    return seen().stream().map(request -> request.method() + " " + request.path()).toList();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private void handle(HttpExchange exchange) throws IOException {
    Headers headers = new Headers();
    exchange.getRequestHeaders().forEach((name, values) -> headers.put(name, List.copyOf(values)));
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    String query = exchange.getRequestURI().getRawQuery();
    String path = exchange.getRequestURI().getPath();
    seen.add(
        new Seen(exchange.getRequestMethod(), path, query == null ? "" : query, headers, body));
    gate.to(exchange);
    if (exchange.getResponseCode() != -1) {
      return;
    }
    Answer answer = answers.get(path);
    if (answer == null) {
      error(exchange, 404, "NAME_UNKNOWN", "repository name not known to registry");
    } else {
      answer.to(exchange);
    }
  }

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }
}
