package dev.carafe.plugin.source.registry;

import dev.carafe.spi.errors.FailedPreconditionException;
import java.net.InetAddress;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which proxy a request takes: {@code HTTP_PROXY}, {@code HTTPS_PROXY} and {@code NO_PROXY} as Go
 * programs read them (golang.org/x/net/http/httpproxy), or one fixed by hosts.toml. Loopback is
 * never reached through an environment's proxy. Proxies are spoken to over plain HTTP.
 */
final class Proxies {
  /**
   * @param credentials {@code user:password}, decoded; null for none
   */
  record Proxy(String host, int port, @Nullable String credentials) {
    /** The value of {@code Proxy-Authorization}. */
    Optional<String> authorization() {
      if (credentials == null) {
        return Optional.empty();
      }
      int colon = credentials.indexOf(':');
      return Optional.of(
          colon < 0
              ? Dialer.basic(credentials, "")
              : Dialer.basic(credentials.substring(0, colon), credentials.substring(colon + 1)));
    }

    @Override
    public String toString() {
      return host + ":" + port;
    }
  }

  private final @Nullable Proxy http;
  private final @Nullable Proxy https;
  private final List<String> exceptions;
  private final boolean fixed;

  private Proxies(
      @Nullable Proxy http, @Nullable Proxy https, List<String> exceptions, boolean fixed) {
    this.http = http;
    this.https = https;
    this.exceptions = exceptions;
    this.fixed = fixed;
  }

  /**
   * @throws FailedPreconditionException if a variable names a proxy that cannot be used
   */
  static Proxies of(Map<String, String> environment) {
    return new Proxies(
        variable(environment, "HTTP_PROXY"),
        variable(environment, "HTTPS_PROXY"),
        Stream.of(value(environment, "NO_PROXY").split(",", -1))
            .map(entry -> entry.strip().toLowerCase(Locale.ROOT))
            .filter(entry -> !entry.isEmpty())
            .toList(),
        false);
  }

  /** One proxy for everything. */
  static Proxies fixed(Proxy proxy) {
    return new Proxies(proxy, proxy, List.of(), true);
  }

  /**
   * Reads {@code http://[USER:PASSWORD@]HOST[:PORT]}; without scheme it is http.
   *
   * @param where what names it, for the message
   */
  static Proxy parse(String text, String where) {
    URI uri;
    try {
      uri = URI.create(text.contains("://") ? text : "http://" + text);
    } catch (IllegalArgumentException e) {
      throw new FailedPreconditionException(where + ": proxy is not a valid URL");
    }
    if (!"http".equalsIgnoreCase(uri.getScheme())) {
      throw new FailedPreconditionException(
          where + ": proxy scheme \"" + Redaction.text(uri.getScheme()) + "\" is not http");
    }
    String path = uri.getPath();
    if (uri.getHost() == null
        || (path != null && !path.isEmpty() && !path.equals("/"))
        || uri.getRawQuery() != null) {
      throw new FailedPreconditionException(where + ": proxy is not of the form http://HOST:PORT");
    }
    Origin origin = Origin.of(uri);
    return new Proxy(origin.host(), origin.port(), uri.getUserInfo());
  }

  Optional<Proxy> proxyFor(Origin origin) {
    Proxy proxy = origin.secure() ? https : http;
    if (proxy == null || (!fixed && isException(origin))) {
      return Optional.empty();
    }
    return Optional.of(proxy);
  }

  private boolean isException(Origin origin) {
    Optional<InetAddress> address = literal(origin.host());
    if (origin.host().equals("localhost")
        || address.filter(InetAddress::isLoopbackAddress).isPresent()) {
      return true;
    }
    return exceptions.stream().anyMatch(entry -> matches(entry, origin, address));
  }

  private static boolean matches(String entry, Origin origin, Optional<InetAddress> address) {
    if (entry.equals("*")) {
      return true;
    }
    int slash = entry.indexOf('/');
    if (slash > 0) {
      return address.isPresent() && inNetwork(address.get(), entry, slash);
    }
    String name = entry;
    int colon = entry.lastIndexOf(':');
    if (colon > 0 && (entry.indexOf(':') == colon || entry.charAt(colon - 1) == ']')) {
      if (!entry.substring(colon + 1).equals(Integer.toString(origin.port()))) {
        return false;
      }
      name = entry.substring(0, colon);
    }
    if (name.startsWith("[") && name.endsWith("]")) {
      name = name.substring(1, name.length() - 1);
    }
    Optional<InetAddress> exempt = literal(name);
    if (exempt.isPresent()) {
      return exempt.equals(address);
    }
    if (name.startsWith("*.")) {
      name = name.substring(1);
    }
    return name.startsWith(".")
        ? origin.host().endsWith(name)
        : origin.host().equals(name) || origin.host().endsWith("." + name);
  }

  private static boolean inNetwork(InetAddress address, String entry, int slash) {
    Optional<InetAddress> network = literal(entry.substring(0, slash));
    String bits = entry.substring(slash + 1);
    if (network.isEmpty() || !bits.matches("[0-9]{1,3}")) {
      return false;
    }
    byte[] wanted = network.get().getAddress();
    byte[] actual = address.getAddress();
    int length = Integer.parseInt(bits);
    if (wanted.length != actual.length || length > wanted.length * 8) {
      return false;
    }
    int whole = length / 8;
    if (!Arrays.equals(wanted, 0, whole, actual, 0, whole)) {
      return false;
    }
    int mask = 0xff00 >> (length % 8) & 0xff;
    return whole == wanted.length || ((wanted[whole] ^ actual[whole]) & mask) == 0;
  }

  /** An address written as such; never asks a name server. */
  private static Optional<InetAddress> literal(String host) {
    if (host.isEmpty() || (host.indexOf(':') < 0 && !Character.isDigit(host.charAt(0)))) {
      return Optional.empty();
    }
    try {
      return Optional.of(InetAddress.ofLiteral(host));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Whether this host, with or without port, is this machine itself. */
  static boolean isLoopback(String host) {
    return host.equalsIgnoreCase("localhost")
        || literal(host).filter(InetAddress::isLoopbackAddress).isPresent();
  }

  private static @Nullable Proxy variable(Map<String, String> environment, String name) {
    String value = value(environment, name);
    return value.isEmpty() ? null : parse(value, name);
  }

  private static String value(Map<String, String> environment, String name) {
    String upper = environment.getOrDefault(name, "");
    return upper.isEmpty() ? environment.getOrDefault(name.toLowerCase(Locale.ROOT), "") : upper;
  }
}
