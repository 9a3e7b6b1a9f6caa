package dev.carafe.plugin.source.registry;

import com.fasterxml.jackson.databind.JsonNode;
import dev.carafe.spi.images.Credentials;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Fetches bearer tokens (Docker registry specification, "Token Authentication" and "OAuth2 Token
 * Authentication"). Users and passwords go by GET with basic authorization, and by POST where a
 * service knows only that; refresh tokens go by POST; without credentials the token is an anonymous
 * one.
 */
final class TokenService {
  private static final int ANSWER_LIMIT = 256 * 1024;
  private static final int TOKEN_LIMIT = 48 * 1024;
  private static final long LEAST_SECONDS = 60;
  private static final long MOST_SECONDS = 24 * 3600;
  private static final String CLIENT = "carafe";

  /**
   * A token.
   *
   * @param value of the authorization field
   */
  record Token(String value, long expiresAtNanos) {
    boolean expired() {
      return System.nanoTime() - expiresAtNanos >= 0;
    }

    @Override
    public String toString() {
      return "Token[]";
    }
  }

  private final Redirects redirects;

  TokenService(Redirects redirects) {
    this.redirects = redirects;
  }

  /**
   * @throws HostFailure if the service gives none, with its own words
   */
  Token fetch(TokenRequest request, Optional<Credentials> credentials, Budget budget)
      throws IOException, HostFailure {
    return switch (credentials.orElse(null)) {
      case Credentials.Basic basic -> withPassword(request, basic, budget);
      case Credentials.RefreshToken refresh ->
          post(
              request,
              List.of("grant_type", "refresh_token", "refresh_token", refresh.token()),
              budget);
      case Credentials.Header header -> get(request, Headers.NONE, List.of(), budget);
      case null -> get(request, Headers.NONE, List.of(), budget);
    };
  }

  private Token withPassword(TokenRequest request, Credentials.Basic basic, Budget budget)
      throws IOException, HostFailure {
    Headers headers =
        Headers.builder()
            .add("Authorization", Dialer.basic(basic.user(), basic.password()))
            .build();
    URI uri = uri(request, List.of("account", basic.user()));
    try (Reply reply = redirects.follow("GET", uri, headers, Headers.NONE, budget)) {
      if (reply.status() != 404 && reply.status() != 405) {
        return token(request, reply, budget);
      }
    }
    return post(
        request,
        List.of("grant_type", "password", "username", basic.user(), "password", basic.password()),
        budget);
  }

  private Token get(TokenRequest request, Headers headers, List<String> parameters, Budget budget)
      throws IOException, HostFailure {
    URI uri = uri(request, parameters);
    try (Reply reply = redirects.follow("GET", uri, headers, Headers.NONE, budget)) {
      return token(request, reply, budget);
    }
  }

  private Token post(TokenRequest request, List<String> parameters, Budget budget)
      throws IOException, HostFailure {
    List<String> form = new ArrayList<>(parameters);
    form.addAll(List.of("client_id", CLIENT));
    if (!request.service().isEmpty()) {
      form.addAll(List.of("service", request.service()));
    }
    if (!request.scopes().isEmpty()) {
      form.addAll(List.of("scope", String.join(" ", request.scopes())));
    }
    byte[] body = encode(form).getBytes(StandardCharsets.US_ASCII);
    try (Reply reply = redirects.post(request.realm(), body, budget)) {
      return token(request, reply, budget);
    }
  }

  private static Token token(TokenRequest request, Reply reply, Budget budget)
      throws IOException, HostFailure {
    String service = "token service " + Origin.of(request.realm()).authority();
    if (reply.status() != 200) {
      throw Failures.of(reply, service + ": ", budget);
    }
    long now = System.nanoTime();
    JsonNode answer =
        Json.read(reply.body().all(ANSWER_LIMIT, budget))
            .orElseThrow(() ->
                HostFailure.lasting(
                    HostFailure.Kind.UNAVAILABLE, service + ": its answer is not JSON"));
    String token = answer.path("token").asText("");
    if (token.isEmpty()) {
      token = answer.path("access_token").asText("");
    }
    if (token.isEmpty()
        || token.length() > TOKEN_LIMIT
        || !token.chars().allMatch(c -> c > ' ' && c < 127)) {
      throw HostFailure.lasting(
          HostFailure.Kind.UNAVAILABLE, service + ": its answer has no usable token");
    }
    long seconds = answer.path("expires_in").asLong(LEAST_SECONDS);
    seconds = Math.clamp(seconds, LEAST_SECONDS, MOST_SECONDS);
    // A tenth early: a clock runs on while a request is on its way.
    return new Token("Bearer " + token, now + Duration.ofSeconds(seconds).toNanos() / 10 * 9);
  }

  private static URI uri(TokenRequest request, List<String> parameters) {
    List<String> all = new ArrayList<>(parameters);
    if (!request.service().isEmpty()) {
      all.addAll(List.of("service", request.service()));
    }
    for (String scope : request.scopes()) {
      all.addAll(List.of("scope", scope));
    }
    String query = encode(all);
    String realm = request.realm().toString();
    String separator = request.realm().getRawQuery() == null ? "?" : "&";
    return query.isEmpty() ? request.realm() : URI.create(realm + separator + query);
  }

  private static String encode(List<String> namesAndValues) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < namesAndValues.size(); i += 2) {
      text.append(i == 0 ? "" : "&")
          .append(namesAndValues.get(i))
          .append('=')
          .append(URLEncoder.encode(namesAndValues.get(i + 1), StandardCharsets.UTF_8));
    }
    return text.toString();
  }
}
