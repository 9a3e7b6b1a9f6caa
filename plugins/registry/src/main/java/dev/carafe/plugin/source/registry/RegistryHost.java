package dev.carafe.plugin.source.registry;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * One host that may have an image, as configured.
 *
 * @param authority host and port as written
 * @param path prefix of all requests, {@code /v2} as a rule; without a slash at its end
 * @param capabilities what it is trusted with
 * @param headers for every request to it
 * @param dialTimeout where its configuration has one
 * @param proxy where its configuration has one
 * @param namespace sent as {@code ns} where this is a mirror of another host's images; empty for
 *     none
 */
record RegistryHost(
    Scheme scheme,
    String authority,
    String path,
    Set<Capability> capabilities,
    TlsSettings tls,
    Headers headers,
    Optional<Duration> dialTimeout,
    Optional<Proxies.Proxy> proxy,
    String namespace) {

  /** What a host may be asked for. */
  enum Capability {
    PULL,
    RESOLVE,
    PUSH
  }

  enum Scheme {
    HTTP,
    HTTPS,
    /** HTTPS where the host speaks it, else HTTP: both are allowed. */
    EITHER
  }

  RegistryHost {
    capabilities = Set.copyOf(capabilities);
  }

  /**
   * Where to ask for something.
   *
   * @param rest below {@link #path}, beginning with a slash; may have a query
   */
  URI uri(boolean secure, String rest) {
    String query =
        namespace.isEmpty()
            ? ""
            : (rest.indexOf('?') < 0 ? "?ns=" : "&ns=")
                + URLEncoder.encode(namespace, StandardCharsets.UTF_8);
    return URI.create((secure ? "https" : "http") + "://" + authority + path + rest + query);
  }
}
