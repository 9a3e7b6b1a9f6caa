package dev.carafe.plugin.source.registry;

import java.net.URI;
import java.util.List;

/**
 * What to ask a token service for (Docker registry specification, "Token Authentication").
 *
 * @param service may be empty
 * @param scopes for example {@code repository:library/busybox:pull}
 */
record TokenRequest(URI realm, String service, List<String> scopes) {
  TokenRequest {
    scopes = List.copyOf(scopes);
  }
}
