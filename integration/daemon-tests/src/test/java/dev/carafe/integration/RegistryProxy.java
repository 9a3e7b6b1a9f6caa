package dev.carafe.integration;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Stands in front of the registry for those who pull: counts requests, is as slow as told, damages
 * bytes, cuts connections, asks for a password or a token, sends clients elsewhere.
 */
final class RegistryProxy implements AutoCloseable {
  static final String USER = "ann";
  static final String PASSWORD = "s3cret:pass";
  private static final String TOKEN = "token-for-ann";
  private static final List<String> PASSED =
      List.of("content-type", "docker-content-digest", "content-range", "accept-ranges", "etag");

  /** How clients prove who they are. */
  enum Auth {
    NONE,
    BASIC,
    BEARER
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpClient upstream = HttpClient.newHttpClient();
  private final Map<String, AtomicInteger> gets = new ConcurrentHashMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final AtomicLong blobBytes = new AtomicLong();
  private volatile Auth auth = Auth.NONE;
  private volatile long bytesPerSecond = Long.MAX_VALUE;
  private volatile String damaged = "";
  private volatile String cut = "";
  private volatile @Nullable String elsewhere;
  private long free = System.nanoTime();

  private RegistryProxy(HttpServer server) {
    this.server = server;
  }

  static RegistryProxy start() {
    try {
      RegistryProxy proxy =
          new RegistryProxy(
              HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
      proxy.server.setExecutor(proxy.threads);
      proxy.server.createContext("/", proxy::handle);
      proxy.server.start();
      return proxy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  RegistryProxy auth(Auth kind) {
    this.auth = kind;
    return this;
  }

  /** Blobs come this slowly, all together. */
  RegistryProxy bytesPerSecond(long limit) {
    this.bytesPerSecond = limit;
    return this;
  }

  /** One byte of this blob is wrong from now on; empty for none. */
  RegistryProxy damage(String digest) {
    this.damaged = digest;
    return this;
  }

  /** The next answer for this blob breaks off in the middle. */
  RegistryProxy cutOnce(String digest) {
    this.cut = digest;
    return this;
  }

  /** Requests for blobs are sent to that host. */
  RegistryProxy redirectBlobs(String host) {
    this.elsewhere = host;
    return this;
  }

  String host() {
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  /** The name of an image of the registry, as seen through here. */
  String name(ImageStock.Stocked image) {
    return host() + "/" + image.repository() + ":latest";
  }

  /** How often bytes of a blob were asked for. */
  int gets(String digest) {
    return gets.getOrDefault(digest, new AtomicInteger()).get();
  }

  /** Bytes of blobs that were sent. */
  long blobBytes() {
    return blobBytes.get();
  }

  /** {@code METHOD PATH?QUERY authorization range} of each request. */
  List<String> requests() {
    return List.copyOf(requests);
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String authorization = exchange.getRequestHeaders().getFirst("Authorization");
      String range = exchange.getRequestHeaders().getFirst("Range");
      requests.add(
          exchange.getRequestMethod()
              + " "
              + exchange.getRequestURI()
              + " "
              + authorization
              + " "
              + range);
      if (exchange.getRequestURI().getPath().equals("/token")) {
        token(exchange, authorization);
      } else if (!allowed(authorization)) {
        exchange.getResponseHeaders().add("WWW-Authenticate", challenge());
        exchange.sendResponseHeaders(401, -1);
      } else if (elsewhere != null && isBlob(exchange)) {
        exchange
            .getResponseHeaders()
            .add("Location", "http://" + elsewhere + exchange.getRequestURI());
        exchange.sendResponseHeaders(307, -1);
      } else {
        forward(exchange, range);
      }
    }
  }

  private String challenge() {
    return auth == Auth.BASIC
        ? "Basic realm=\"test\""
        : "Bearer realm=\"http://"
            + host()
            + "/token\",service=\"test\",scope=\"repository:x:pull\"";
  }

  private boolean allowed(@Nullable String authorization) {
    return switch (auth) {
      case NONE -> true;
      case BASIC -> isAnn(authorization);
      case BEARER -> ("Bearer " + TOKEN).equals(authorization);
    };
  }

  private static boolean isAnn(@Nullable String authorization) {
    String pair = USER + ":" + PASSWORD;
    return ("Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8)))
        .equals(authorization);
  }

  private static void token(HttpExchange exchange, @Nullable String authorization)
      throws IOException {
    if (!isAnn(authorization)) {
      exchange.sendResponseHeaders(401, -1);
      return;
    }
    byte[] answer =
        ("{\"token\":\"" + TOKEN + "\",\"expires_in\":300}").getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, answer.length);
    exchange.getResponseBody().write(answer);
  }

  private static boolean isBlob(HttpExchange exchange) {
    return exchange.getRequestURI().getPath().contains("/blobs/sha256:");
  }

  private void forward(HttpExchange exchange, @Nullable String range) throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(
                URI.create("http://" + TestRegistry.shared().host() + exchange.getRequestURI()))
            .method(exchange.getRequestMethod(), HttpRequest.BodyPublishers.noBody());
    if (range != null) {
      request.header("Range", range);
    }
    exchange
        .getRequestHeaders()
        .getOrDefault("Accept", List.of())
        .forEach(accept -> request.header("Accept", accept));
    try {
      HttpResponse<InputStream> answer =
          upstream.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream body = answer.body()) {
        pass(exchange, answer, body);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void pass(HttpExchange exchange, HttpResponse<InputStream> answer, InputStream body)
      throws IOException {
    PASSED.forEach(name ->
        answer
            .headers()
            .allValues(name)
            .forEach(value -> exchange.getResponseHeaders().add(name, value)));
    String path = exchange.getRequestURI().getPath();
    String digest = path.substring(path.lastIndexOf('/') + 1);
    long length = answer.headers().firstValueAsLong("content-length").orElse(0);
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().add("Content-Length", Long.toString(length));
      exchange.sendResponseHeaders(answer.statusCode(), -1);
      return;
    }
    boolean blob = isBlob(exchange);
    if (blob && answer.statusCode() / 100 == 2) {
      gets.computeIfAbsent(digest, ignored -> new AtomicInteger()).incrementAndGet();
    }
    exchange.sendResponseHeaders(answer.statusCode(), length == 0 ? -1 : length);
    if (length == 0) {
      return;
    }
    long end = length;
    if (digest.equals(cut)) {
      cut = "";
      end = length / 2;
    }
    copy(body, exchange.getResponseBody(), end, blob, blob && digest.equals(damaged));
  }

  private void copy(InputStream in, OutputStream out, long end, boolean blob, boolean damage)
      throws IOException {
    byte[] chunk = new byte[8 << 10];
    long done = 0;
    while (done < end) {
      int read = in.read(chunk, 0, (int) Math.min(chunk.length, end - done));
      if (read < 0) {
        break;
      }
      if (damage && done <= end / 2 && done + read > end / 2) {
        chunk[(int) (end / 2 - done)] ^= 1;
      }
      if (blob) {
        slowDown(read);
      }
      out.write(chunk, 0, read);
      out.flush();
      done += read;
    }
  }

  private void slowDown(int bytes) {
    blobBytes.addAndGet(bytes);
    long limit = bytesPerSecond;
    if (limit == Long.MAX_VALUE) {
      return;
    }
    long until;
    synchronized (this) {
      free = Math.max(free, System.nanoTime()) + TimeUnit.SECONDS.toNanos(bytes) / limit;
      until = free;
    }
    for (long left = until - System.nanoTime();
        left > 0 && !Thread.interrupted();
        left = until - System.nanoTime()) {
      Await.pause(left);
    }
  }

  /** What clients asked for, of one kind. */
  List<String> requests(String containing) {
    try (Stream<String> all = requests.stream()) {
      return all.filter(request -> request.contains(containing)).toList();
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
    upstream.close();
  }
}
