package dev.carafe.plugin.source.registry;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.carafe.spi.content.Digest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** A registry on loopback that takes pushes: sessions, chunks, mounts, names. */
final class UploadServer implements AutoCloseable {
  /** One request; the body is what the server took of it. */
  record Seen(String method, String path, String query, Map<String, List<String>> headers) {
    String header(String name) {
      return Optional.ofNullable(headers.get(name)).map(List::getFirst).orElse("");
    }
  }

  /** Comes before every answer; true if it has answered or broken off. */
  interface Fault {
    boolean strikes(HttpExchange exchange) throws IOException;
  }

  final Map<String, byte[]> blobs = new ConcurrentHashMap<>();

  /** By repository and digest: what can be taken over from there. */
  final Map<String, byte[]> mountable = new ConcurrentHashMap<>();

  /** Every manifest that was put, by digest. */
  final Map<String, byte[]> put = new ConcurrentHashMap<>();

  final Map<String, byte[]> manifests = new ConcurrentHashMap<>();
  final Map<String, ByteArrayOutputStream> sessions = new ConcurrentHashMap<>();
  final List<Seen> seen = Collections.synchronizedList(new ArrayList<>());
  final AtomicInteger faults = new AtomicInteger();
  private final AtomicInteger count = new AtomicInteger();
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private volatile Fault fault = exchange -> false;

  /** Where sessions are said to be, for example at another host; empty for here. */
  volatile String elsewhere = "";

  UploadServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  String authority() {
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  UploadServer fault(Fault other) {
    fault = other;
    return this;
  }

  /** What was asked, as {@code METHOD PATH} without ids of sessions. */
  List<String> asked() {
    synchronized (seen) {
      return seen.stream()
          .map(request -> request.method() + " " + request.path().replaceAll("/u[0-9]+$", "/U"))
          .toList();
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private void handle(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    String query = Optional.ofNullable(exchange.getRequestURI().getRawQuery()).orElse("");
    seen.add(
        new Seen(
            exchange.getRequestMethod(), path, query, Map.copyOf(exchange.getRequestHeaders())));
    if (!fault.strikes(exchange)) {
      answer(exchange, path, query, exchange.getRequestBody().readAllBytes());
    }
  }

  private void answer(HttpExchange exchange, String path, String query, byte[] body)
      throws IOException {
    String last = path.substring(path.lastIndexOf('/') + 1);
    switch (exchange.getRequestMethod()) {
      case "POST" -> {
        if (query.contains("from=has%2Fit")) {
          FakeRegistry.send(exchange, 201, "");
          return;
        }
        if (mount(query)) {
          FakeRegistry.send(exchange, 201, "");
          return;
        }
        String id = "u" + count.incrementAndGet();
        sessions.put(id, new ByteArrayOutputStream());
        location(exchange, path + id);
        FakeRegistry.send(exchange, 202, "");
      }
      case "PATCH" -> {
        sessions.get(last).write(body);
        location(exchange, path);
        FakeRegistry.send(exchange, 202, "");
      }
      case "PUT" -> put(exchange, path, query, body, last);
      case "GET" -> status(exchange, path, last);
      default -> {
        byte[] found = path.contains("/manifests/") ? manifests.get(path) : blobs.get(last);
        if (found != null) {
          exchange.getResponseHeaders().set("Docker-Content-Digest", Digest.of(found).toString());
        }
        FakeRegistry.send(exchange, found == null ? 404 : 200, found == null ? new byte[0] : found);
      }
    }
  }

  private boolean mount(String query) {
    String digest = parameter(query, "mount");
    byte[] bytes = mountable.get(parameter(query, "from") + " " + digest);
    if (bytes != null) {
      blobs.put(digest, bytes);
    }
    return bytes != null;
  }

  private static String parameter(String query, String name) {
    for (String pair : query.split("&")) {
      if (pair.startsWith(name + "=")) {
        return URLDecoder.decode(pair.substring(name.length() + 1), StandardCharsets.UTF_8);
      }
    }
    return "";
  }

  private void put(HttpExchange exchange, String path, String query, byte[] body, String last)
      throws IOException {
    if (path.contains("/manifests/")) {
      manifests.put(path, body);
      put.put(Digest.of(body).toString(), body);
      exchange.getResponseHeaders().set("Docker-Content-Digest", Digest.of(body).toString());
      FakeRegistry.send(exchange, 201, "");
      return;
    }
    ByteArrayOutputStream session = sessions.remove(last);
    session.write(body);
    Digest digest = Digest.of(session.toByteArray());
    if (query.contains(digest.hex())) {
      blobs.put(digest.toString(), session.toByteArray());
      FakeRegistry.send(exchange, 201, "");
    } else {
      FakeRegistry.error(exchange, 400, "DIGEST_INVALID", "provided digest did not match");
    }
  }

  private void status(HttpExchange exchange, String path, String last) throws IOException {
    ByteArrayOutputStream session = sessions.get(last);
    if (session == null) {
      FakeRegistry.error(exchange, 404, "BLOB_UPLOAD_UNKNOWN", "no such session");
      return;
    }
    exchange.getResponseHeaders().set("Range", "0-" + Math.max(0, session.size() - 1));
    location(exchange, path);
    FakeRegistry.send(exchange, 204, "");
  }

  private void location(HttpExchange exchange, String path) {
    exchange.getResponseHeaders().set("Location", elsewhere + path + "?state=s%2F1");
  }
}
