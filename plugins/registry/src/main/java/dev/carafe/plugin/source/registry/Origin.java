package dev.carafe.plugin.source.registry;

import java.net.URI;
import java.util.Locale;
import java.util.Objects;

/**
 * Whom a request goes to (RFC 6454): what credentials and connections belong to.
 *
 * @param scheme {@code http} or {@code https}
 * @param host lower case, without the brackets of an IPv6 address
 * @param port the effective one
 */
record Origin(String scheme, String host, int port) {
  static Origin of(URI uri) {
    String scheme = Objects.requireNonNull(uri.getScheme()).toLowerCase(Locale.ROOT);
    String host = Objects.requireNonNull(uri.getHost()).toLowerCase(Locale.ROOT);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    int port = uri.getPort() >= 0 ? uri.getPort() : scheme.equals("https") ? 443 : 80;
    return new Origin(scheme, host, port);
  }

  boolean secure() {
    return scheme.equals("https");
  }

  /** As in a {@code Host} field: without the scheme's own port. */
  String authority() {
    return port == (secure() ? 443 : 80) ? bracketed() : hostAndPort();
  }

  /** As in {@code CONNECT}: always with a port. */
  String hostAndPort() {
    return bracketed() + ":" + port;
  }

  private String bracketed() {
    return host.indexOf(':') >= 0 ? "[" + host + "]" : host;
  }
}
