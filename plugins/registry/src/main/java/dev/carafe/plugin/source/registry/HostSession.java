package dev.carafe.plugin.source.registry;

import dev.carafe.spi.images.Credentials;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One host for the life of a pull: its connections, its tokens, and how a question to it is asked:
 * with its headers, with authorization where it demands it, and after redirects. Opens nothing
 * before the first question.
 */
final class HostSession implements AutoCloseable {
  private static final Set<String> FRAMING =
      Set.of(
          "connection",
          "content-length",
          "expect",
          "host",
          "keep-alive",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");
  private static final int ROUNDS = 3;
  private static final Duration PROBE_TIME = Duration.ofSeconds(10);

  private final RegistryHost host;
  private final Headers headers;
  private final Timing timing;
  private final Dialer dialer;
  private final Wire wire;
  private final Redirects redirects;
  private final Authorizer authorizer;
  private volatile @Nullable Boolean secure;

  /**
   * @param further headers beside the host's own, which go before these
   * @param plainHttp whether plain http was asked for, so that leaving TLS is no surprise
   * @param scope what tokens are asked for
   */
  HostSession(
      RegistryHost host,
      Map<String, String> further,
      boolean plainHttp,
      BiFunction<String, List<String>, Optional<Credentials>> credentials,
      String scope,
      Tls tls,
      Proxies proxies,
      Timing timing,
      Consumer<String> trace) {
    this.host = host;
    this.timing = timing;
    Headers.Builder all = Headers.builder();
    further.forEach(all::add);
    this.headers = all.setAll(host.headers()).build();
    this.dialer =
        new Dialer(
            tls,
            host.tls(),
            host.proxy().map(Proxies::fixed).orElse(proxies),
            timing,
            host.dialTimeout().orElse(timing.dial()));
    this.wire = new Wire(dialer, timing, trace);
    this.secure =
        switch (host.scheme()) {
          case HTTP -> false;
          case HTTPS -> true;
          case EITHER -> null;
        };
    boolean plain = plainHttp || host.scheme() != RegistryHost.Scheme.HTTPS;
    this.redirects = new Redirects(wire, plain);
    this.authorizer =
        new Authorizer(host.authority(), credentials, new TokenService(redirects), scope, plain);
  }

  /** Whether a header of this name is the client's own business. */
  static boolean isFraming(String name) {
    return FRAMING.contains(name.toLowerCase(Locale.ROOT));
  }

  String name() {
    return host.authority();
  }

  boolean may(RegistryHost.Capability capability) {
    return host.capabilities().contains(capability);
  }

  /**
   * Asks for something.
   *
   * @param method GET or HEAD
   * @param path below the host's API root, beginning with a slash
   * @param common headers that redirect targets get too
   * @return the answer, whatever its status
   */
  Reply ask(String method, String path, Headers common, Budget budget)
      throws IOException, HostFailure {
    URI uri = host.uri(secure(budget), path);
    Origin origin = Origin.of(uri);
    boolean fresh = false;
    for (int round = 1; ; round++) {
      Optional<String> authorization = authorizer.header(budget);
      Headers.Builder own = Headers.builder().setAll(headers);
      authorization.ifPresent(value -> own.set("Authorization", value));
      Reply reply = redirects.follow(method, uri, own.build(), common, budget);
      // Only the host itself may ask for what is the host's: not one that it redirects to.
      if (reply.status() != 401 || round == ROUNDS || !Origin.of(reply.uri()).equals(origin)) {
        return reply;
      }
      if (!learn(reply, authorization, fresh)) {
        return reply;
      }
      reply.close();
      fresh = true;
    }
  }

  /**
   * Changes something.
   *
   * @param path below the host's API root, beginning with a slash; may have a query
   * @param fields that redirect targets get too
   * @return the answer, whatever its status
   */
  Reply change(String method, String path, Headers fields, RequestBody body)
      throws IOException, HostFailure {
    return change(method, uri(path), fields, body);
  }

  /** As above, at a place that an answer named. Another origin gets none of this host's secrets. */
  Reply change(String method, URI uri, Headers fields, RequestBody body)
      throws IOException, HostFailure {
    Origin home = Origin.of(uri("/"));
    boolean fresh = false;
    for (int round = 1; ; round++) {
      Budget budget = Budget.of(timing.call());
      Optional<String> authorization = authorizer.header(budget);
      Headers.Builder own = Headers.builder().setAll(headers);
      authorization.ifPresent(value -> own.set("Authorization", value));
      Reply reply = redirects.send(method, uri, home, own.build(), fields, body, budget);
      if (reply.status() != 401 || round == ROUNDS || !Origin.of(reply.uri()).equals(home)) {
        return reply;
      }
      if (!learn(reply, authorization, fresh)) {
        return reply;
      }
      reply.close();
      fresh = true;
    }
  }

  private boolean learn(Reply refusal, Optional<String> refused, boolean fresh) throws HostFailure {
    try {
      return authorizer.learn(refusal.headers().all("WWW-Authenticate"), refused, fresh);
    } catch (HostFailure | RuntimeException e) {
      refusal.close();
      throw e;
    }
  }

  /** Where an answer that created something says that it is. */
  URI location(Reply reply) throws HostFailure {
    return redirects.location(reply);
  }

  /** The address of something of this host. */
  private URI uri(String path) throws IOException {
    return host.uri(secure(Budget.of(timing.call())), path);
  }

  @Override
  public void close() {
    wire.close();
  }

  private boolean secure(Budget budget) throws IOException {
    Boolean known = secure;
    if (known == null) {
      known = speaksTls(budget.part(PROBE_TIME));
      secure = known;
    }
    return known;
  }

  /**
   * Finds out what a host speaks that may speak either, by a plain question without any secret: a
   * TLS server answers it with an alert, by closing, or with 400. The other way round is no good: a
   * plain server may wait for ever for the line's end in a TLS greeting.
   */
  private boolean speaksTls(Budget budget) throws IOException {
    URI uri = host.uri(false, "/");
    String question =
        "GET "
            + uri.getRawPath()
            + " HTTP/1.1\r\nHost: "
            + Origin.of(uri).authority()
            + "\r\nUser-Agent: carafe\r\nConnection: close\r\n\r\n";
    try (Connection connection = dialer.dial(Origin.of(uri), budget)) {
      connection.send(question.getBytes(StandardCharsets.US_ASCII));
      String answer = connection.peek(budget.millis(timing.header()));
      return !answer.startsWith("HTTP/1.") || answer.startsWith(" 400", "HTTP/1.1".length());
    } catch (DialException e) {
      throw e;
    } catch (IOException e) {
      return true;
    }
  }
}
