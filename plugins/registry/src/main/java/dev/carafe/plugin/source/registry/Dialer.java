package dev.carafe.plugin.source.registry;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** Opens connections for one host's configuration: its proxy, certificates and time limit. */
final class Dialer {
  private static final int ADDRESSES = 8;
  private static final int PROXY_LINE_LIMIT = 8 * 1024;
  private static final int PROXY_FIELDS_LIMIT = 100;
  private static final Duration LEAST_PER_ADDRESS = Duration.ofSeconds(2);

  private final Tls tls;
  private final TlsSettings settings;
  private final Proxies proxies;
  private final Timing timing;
  private final Duration limit;

  /**
   * @param limit until a TCP connection must stand
   */
  Dialer(Tls tls, TlsSettings settings, Proxies proxies, Timing timing, Duration limit) {
    this.tls = tls;
    this.settings = settings;
    this.proxies = proxies;
    this.timing = timing;
    this.limit = limit;
  }

  /**
   * A connection to this origin, with TLS where its scheme says so.
   *
   * @throws DialException if there is none
   */
  Connection dial(Origin origin, Budget budget) throws IOException {
    Optional<Proxies.Proxy> proxy = proxies.proxyFor(origin);
    Socket raw =
        proxy.isPresent()
            ? connect(proxy.get().host(), proxy.get().port(), "proxy ", budget)
            : connect(origin.host(), origin.port(), "", budget);
    try {
      raw.setTcpNoDelay(true);
      if (!origin.secure()) {
        return new Connection(origin, proxy.orElse(null), raw, raw);
      }
      if (proxy.isPresent()) {
        tunnel(raw, origin, proxy.get(), budget);
      }
      return new Connection(origin, null, raw, secure(raw, origin, budget));
    } catch (IOException | RuntimeException e) {
      raw.close();
      throw e;
    }
  }

  private Socket connect(String host, int port, String role, Budget budget) throws IOException {
    InetAddress[] addresses;
    try {
      addresses = InetAddress.getAllByName(host);
    } catch (UnknownHostException e) {
      throw new DialException(role + "\"" + Redaction.text(host) + "\" does not resolve", e);
    }
    Budget dial = budget.part(limit);
    int count = Math.min(ADDRESSES, addresses.length);
    IOException last = new SocketTimeoutException();
    for (int i = 0; i < count && !dial.left().isZero(); i++) {
      Socket socket = new Socket(Proxy.NO_PROXY);
      try {
        socket.connect(
            new InetSocketAddress(addresses[i], port), dial.millis(share(dial, count - i)));
        return socket;
      } catch (IOException e) {
        socket.close();
        last = e;
        if (Thread.currentThread().isInterrupted()) {
          break;
        }
      }
    }
    throw new DialException(
        switch (last) {
          case SocketTimeoutException timeout ->
              role + "no connection within " + seconds(limit) + " s";
          case NoRouteToHostException route -> role + "no route to host";
          case ConnectException refused
              when String.valueOf(refused.getMessage()).contains("refused") ->
              role + "connection refused";
          default -> role + "no connection: " + Redaction.text(last.getMessage());
        },
        last);
  }

  /** An equal part of what is left for each address; the last one gets all of it. */
  private static Duration share(Budget dial, int addresses) {
    Duration part = dial.left().dividedBy(addresses);
    return part.compareTo(LEAST_PER_ADDRESS) < 0 ? LEAST_PER_ADDRESS : part;
  }

  private static String seconds(Duration time) {
    return time.toMillis() % 1000 == 0
        ? Long.toString(time.toSeconds())
        : Double.toString(time.toMillis() / 1000.0);
  }

  private SSLSocket secure(Socket raw, Origin origin, Budget budget) throws IOException {
    SSLSocket socket =
        (SSLSocket)
            tls.context(settings)
                .getSocketFactory()
                .createSocket(raw, origin.host(), origin.port(), true);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {"http/1.1"});
    if (!settings.skipVerify()) {
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
    }
    socket.setSSLParameters(parameters);
    socket.setSoTimeout(budget.millis(timing.header()));
    try {
      socket.startHandshake();
    } catch (SocketTimeoutException e) {
      SocketTimeoutException clear = new SocketTimeoutException("no TLS handshake in time");
      clear.initCause(e);
      throw clear;
    }
    return socket;
  }

  /** RFC 9110 section 9.3.6. */
  private void tunnel(Socket raw, Origin origin, Proxies.Proxy proxy, Budget budget)
      throws IOException {
    StringBuilder request = new StringBuilder(256);
    request.append("CONNECT ").append(origin.hostAndPort()).append(" HTTP/1.1\r\n");
    request.append("Host: ").append(origin.hostAndPort()).append("\r\n");
    proxy
        .authorization()
        .ifPresent(value -> request.append("Proxy-Authorization: ").append(value).append("\r\n"));
    request.append("\r\n");
    // Its buffer is not passed on: a proxy says nothing after the head until TLS begins.
    Connection plain = new Connection(origin, null, raw, raw);
    plain.send(request.toString().getBytes(StandardCharsets.UTF_8));
    Budget time = budget.part(timing.header());
    String status = plain.line(PROXY_LINE_LIMIT, time, timing.header());
    for (int i = 0; i < PROXY_FIELDS_LIMIT; i++) {
      if (plain.line(PROXY_LINE_LIMIT, time, timing.header()).isEmpty()) {
        if (status.matches("HTTP/1\\.[01] 2[0-9][0-9].*")) {
          return;
        }
        break;
      }
    }
    throw new DialException("proxy answered \"" + Redaction.text(status) + "\"", null);
  }

  /** The value of an authorization field for user and password (RFC 7617, UTF-8). */
  static String basic(String user, String password) {
    byte[] pair = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(pair);
  }
}
