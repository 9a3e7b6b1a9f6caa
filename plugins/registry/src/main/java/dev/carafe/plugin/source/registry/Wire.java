package dev.carafe.plugin.source.registry;

import java.io.IOException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/1.1 client (RFC 9112) on blocking sockets, for virtual threads: one request, one answer,
 * nothing followed, nothing retried. Connections are kept for the next request. Heads are bounded
 * in size, waits in time.
 *
 * <p>The JDK's own client is not used: a byte costs it four to ten times the CPU time, its first
 * request a quarter of a second, it has no time limit inside a body, and closing it waits.
 */
final class Wire implements AutoCloseable {
  private static final Pattern STATUS_LINE =
      Pattern.compile("HTTP/1\\.[01] [1-5][0-9][0-9](?: .*)?");
  private static final int LINE_LIMIT = 64 * 1024;
  private static final int HEAD_LIMIT = 256 * 1024;
  private static final int FIELDS_LIMIT = 200;
  private static final int INTERIM_LIMIT = 8;
  private static final int IDLE_CONNECTIONS = 8;
  private static final Duration IDLE_TIME = Duration.ofSeconds(30);

  private final Consumer<String> trace;
  private final Dialer dialer;
  private final Timing timing;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Origin, Deque<Connection>> idle = new HashMap<>();
  private final Set<Connection> open = new HashSet<>();
  private boolean closed;

  Wire(Dialer dialer, Timing timing, Consumer<String> trace) {
    this.trace = trace;
    this.dialer = dialer;
    this.timing = timing;
  }

  /** Sends a request without body. */
  Reply send(String method, URI uri, Headers headers, Budget budget) throws IOException {
    Connection kept = idle(Origin.of(uri));
    if (kept != null) {
      long before = kept.received();
      try {
        return exchange(kept, method, uri, headers, new byte[0], budget);
      } catch (IOException e) {
        boolean wasDead = kept.received() == before && !(e instanceof SocketTimeoutException);
        if (!wasDead || Thread.currentThread().isInterrupted()) {
          throw e;
        }
      }
    }
    return exchange(dial(uri, budget), method, uri, headers, new byte[0], budget);
  }

  /**
   * Sends a request that changes something, always on a new connection: it must not be sent twice.
   * An answer that comes before all of the body has gone is an answer, too.
   */
  Reply send(String method, URI uri, Headers headers, RequestBody body, Budget budget)
      throws IOException {
    Connection connection = dial(uri, budget);
    try {
      connection.send(head(connection, method, uri, headers, body.length(), true));
      IOException broken = null;
      try {
        connection.send(body, timing.idle());
      } catch (IOException e) {
        broken = e;
      }
      try {
        return reply(connection, method, uri, Budget.of(timing.answer(body.length())));
      } catch (IOException e) {
        throw broken == null ? e : broken;
      }
    } catch (IOException | RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  /** Sends a form, always on a new connection: it must not be sent twice. */
  Reply post(URI uri, Headers headers, byte[] body, Budget budget) throws IOException {
    return exchange(dial(uri, budget), "POST", uri, headers, body, budget);
  }

  /** Closes every connection, also those in use; their reads fail. Does not wait. */
  @Override
  public void close() {
    Set<Connection> all;
    lock.lock();
    try {
      closed = true;
      all = Set.copyOf(open);
      open.clear();
      idle.clear();
    } finally {
      lock.unlock();
    }
    all.forEach(Connection::close);
  }

  private Connection dial(URI uri, Budget budget) throws IOException {
    if (isClosed()) {
      throw new DialException("closed", null);
    }
    Connection connection = dialer.dial(Origin.of(uri), budget);
    lock.lock();
    try {
      if (!closed) {
        open.removeIf(Connection::closed);
        open.add(connection);
        return connection;
      }
    } finally {
      lock.unlock();
    }
    connection.close();
    throw new DialException("closed", null);
  }

  private boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Connection idle(Origin origin) {
    while (true) {
      Connection connection;
      lock.lock();
      try {
        Deque<Connection> kept = idle.get(origin);
        if (kept == null || kept.isEmpty()) {
          return null;
        }
        connection = kept.pop();
      } finally {
        lock.unlock();
      }
      if (connection.fresh(IDLE_TIME)) {
        return connection;
      }
      connection.close();
    }
  }

  private void release(Connection connection) {
    lock.lock();
    try {
      Deque<Connection> kept = idle.computeIfAbsent(connection.origin(), o -> new ArrayDeque<>());
      if (!closed && kept.size() < IDLE_CONNECTIONS) {
        connection.rest();
        kept.push(connection);
        return;
      }
      open.remove(connection);
    } finally {
      lock.unlock();
    }
    connection.close();
  }

  private Reply exchange(
      Connection connection, String method, URI uri, Headers headers, byte[] body, Budget budget)
      throws IOException {
    try {
      connection.send(request(connection, method, uri, headers, body));
      return reply(connection, method, uri, budget.part(timing.header()));
    } catch (IOException | RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  private static byte[] request(
      Connection connection, String method, URI uri, Headers headers, byte[] body) {
    byte[] start = head(connection, method, uri, headers, body.length, body.length > 0);
    byte[] all = Arrays.copyOf(start, start.length + body.length);
    System.arraycopy(body, 0, all, start.length, body.length);
    return all;
  }

  private static byte[] head(
      Connection connection,
      String method,
      URI uri,
      Headers headers,
      long length,
      boolean withLength) {
    Origin origin = connection.origin();
    String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    StringBuilder head = new StringBuilder(512);
    head.append(method).append(' ');
    if (connection.proxy().isPresent()) {
      head.append("http://").append(origin.authority());
    }
    head.append(path);
    if (uri.getRawQuery() != null) {
      head.append('?').append(uri.getRawQuery());
    }
    head.append(" HTTP/1.1\r\n");
    head.append("Host: ").append(origin.authority()).append("\r\n");
    connection
        .proxy()
        .flatMap(Proxies.Proxy::authorization)
        .ifPresent(value -> head.append("Proxy-Authorization: ").append(value).append("\r\n"));
    headers.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
    if (withLength) {
      head.append("Content-Length: ").append(length).append("\r\n");
    }
    head.append("\r\n");
    return head.toString().getBytes(StandardCharsets.UTF_8);
  }

  private Reply reply(Connection connection, String method, URI uri, Budget budget)
      throws IOException {
    for (int interim = 0; interim <= INTERIM_LIMIT; interim++) {
      String line = connection.line(LINE_LIMIT, budget, budget.left());
      int status = status(line);
      Headers headers = fields(connection, budget);
      if (status >= 200) {
        trace.accept(method + " " + Redaction.uri(uri) + ": " + status);
        return new Reply(
            uri, status, headers, body(connection, method, status, headers, version10(line)));
      }
    }
    throw new ProtocolException("more than " + INTERIM_LIMIT + " interim answers");
  }

  private Body body(
      Connection connection, String method, int status, Headers headers, boolean version10)
      throws ProtocolException {
    String link = String.join(",", headers.all("Connection")).toLowerCase(Locale.ROOT);
    boolean keep = version10 ? link.contains("keep-alive") : !link.contains("close");
    if (method.equals("HEAD") || status == 204 || status == 304) {
      return Body.none(connection, keep ? this::release : Connection::close);
    }
    List<String> codings = headers.all("Transfer-Encoding");
    List<String> lengths = headers.all("Content-Length");
    if (!codings.isEmpty()) {
      if (codings.size() != 1 || !codings.getFirst().equalsIgnoreCase("chunked")) {
        throw new ProtocolException("a transfer coding other than chunked");
      }
      // A length beside it may be an attack (RFC 9112 section 6.3): the connection ends here.
      boolean again = keep && lengths.isEmpty();
      return Body.chunked(connection, timing.idle(), again ? this::release : Connection::close);
    }
    if (lengths.isEmpty()) {
      return Body.untilClose(connection, timing.idle());
    }
    return Body.ofLength(
        connection, length(lengths), timing.idle(), keep ? this::release : Connection::close);
  }

  /** The declared length of a body, or of the one that HEAD leaves out. */
  static long length(List<String> values) throws ProtocolException {
    Set<String> distinct = new HashSet<>();
    for (String value : values) {
      for (String part : value.split(",", -1)) {
        distinct.add(part.strip());
      }
    }
    String only = distinct.size() == 1 ? distinct.iterator().next() : "";
    if (only.isEmpty() || only.length() > 18 || !only.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw new ProtocolException("no valid content length");
    }
    return Long.parseLong(only);
  }

  private static boolean version10(String line) {
    return line.startsWith("HTTP/1.0");
  }

  private static int status(String line) throws ProtocolException {
    if (!STATUS_LINE.matcher(line).matches()) {
      throw new ProtocolException("the answer is not HTTP");
    }
    return Integer.parseInt(line.substring(9, 12));
  }

  private Headers fields(Connection connection, Budget budget) throws IOException {
    Headers.Builder headers = Headers.builder();
    int size = 0;
    for (int i = 0; i <= FIELDS_LIMIT; i++) {
      String line = connection.line(LINE_LIMIT, budget, timing.header());
      if (line.isEmpty()) {
        return headers.build();
      }
      size += line.length();
      int colon = line.indexOf(':');
      String name = colon < 0 ? "" : line.substring(0, colon);
      String value = line.substring(colon + 1).strip();
      if (size > HEAD_LIMIT || !Headers.isName(name) || !Headers.isValue(value)) {
        throw new ProtocolException("the answer has a head that is too large or not valid");
      }
      headers.add(name, value);
    }
    throw new ProtocolException("the answer has more than " + FIELDS_LIMIT + " header fields");
  }
}
