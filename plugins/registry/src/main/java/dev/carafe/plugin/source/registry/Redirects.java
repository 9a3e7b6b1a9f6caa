package dev.carafe.plugin.source.registry;

import java.io.IOException;
import java.net.URI;
import java.util.HexFormat;

/**
 * Sends requests and follows where they are sent on to (RFC 9110 section 15.4). What is meant for
 * one origin only (authorization, configured headers) goes to the first one alone, also when a
 * later redirect leads back to it.
 */
final class Redirects {
  private static final int LIMIT = 10;
  private static final int LOCATION_LIMIT = 16 * 1024;

  private final Wire wire;
  private final boolean plainAllowed;

  /**
   * @param plainAllowed whether a redirect may leave TLS
   */
  Redirects(Wire wire, boolean plainAllowed) {
    this.wire = wire;
    this.plainAllowed = plainAllowed;
  }

  /**
   * @param method GET or HEAD
   * @param own for the origin of {@code uri} only
   * @param common for every origin on the way
   */
  Reply follow(String method, URI uri, Headers own, Headers common, Budget budget)
      throws IOException, HostFailure {
    Origin home = Origin.of(uri);
    boolean atHome = true;
    URI at = uri;
    for (int hops = 0; hops <= LIMIT; hops++) {
      Headers headers = standard().setAll(common).setAll(atHome ? own : Headers.NONE).build();
      Reply reply = wire.send(method, at, headers, budget);
      if (!isRedirect(reply.status())) {
        return reply;
      }
      URI next;
      try (reply) {
        next = target(at, reply);
      }
      atHome &= Origin.of(next).equals(home);
      at = next;
    }
    throw HostFailure.lasting(HostFailure.Kind.UNAVAILABLE, "more than " + LIMIT + " redirects");
  }

  /**
   * Sends a request that changes something. Follows only redirects that keep method and body.
   *
   * @param own for the origin {@code home} only; nobody else gets it
   * @param fields for every origin on the way
   */
  Reply send(
      String method,
      URI uri,
      Origin home,
      Headers own,
      Headers fields,
      RequestBody body,
      Budget budget)
      throws IOException, HostFailure {
    URI at = uri;
    boolean atHome = Origin.of(uri).equals(home);
    for (int hops = 0; hops <= LIMIT; hops++) {
      Headers headers = standard().setAll(fields).setAll(atHome ? own : Headers.NONE).build();
      Reply reply = wire.send(method, at, headers, body, budget);
      if (!isRedirect(reply.status())) {
        return reply;
      }
      URI next;
      try (reply) {
        if (reply.status() != 307 && reply.status() != 308) {
          throw HostFailure.lasting(
              HostFailure.Kind.UNAVAILABLE,
              "answers " + method + " with redirect " + reply.status());
        }
        next = target(at, reply);
      }
      atHome &= Origin.of(next).equals(home);
      at = next;
    }
    throw HostFailure.lasting(HostFailure.Kind.UNAVAILABLE, "more than " + LIMIT + " redirects");
  }

  /** Where an answer that created something says that it is. */
  URI location(Reply reply) throws HostFailure {
    return target(reply.uri(), reply);
  }

  /** Sends a form. A redirect is a failure: the form holds credentials. */
  Reply post(URI uri, byte[] form, Budget budget) throws IOException, HostFailure {
    Headers headers =
        standard()
            .add("Content-Type", "application/x-www-form-urlencoded")
            .add("Accept", "application/json")
            .build();
    Reply reply = wire.post(uri, headers, form, budget);
    if (isRedirect(reply.status())) {
      reply.close();
      throw HostFailure.lasting(
          HostFailure.Kind.UNAVAILABLE,
          "token service " + Origin.of(uri).authority() + ": redirects a request with credentials");
    }
    return reply;
  }

  private static Headers.Builder standard() {
    return Headers.builder()
        .add("User-Agent", "carafe")
        // The stored bytes: a coding on the way would change their digest.
        .add("Accept-Encoding", "identity");
  }

  private static boolean isRedirect(int status) {
    return switch (status) {
      case 301, 302, 303, 307, 308 -> true;
      default -> false;
    };
  }

  private URI target(URI from, Reply reply) throws HostFailure {
    String location = reply.headers().first("Location").orElse("");
    if (location.isEmpty() || location.length() > LOCATION_LIMIT) {
      throw HostFailure.lasting(
          HostFailure.Kind.UNAVAILABLE, "answers " + reply.status() + " without a usable location");
    }
    URI target;
    try {
      target = from.resolve(lenient(location));
    } catch (IllegalArgumentException e) {
      throw HostFailure.lasting(
          HostFailure.Kind.UNAVAILABLE, "redirect to something that is not a URL");
    }
    boolean secure = "https".equalsIgnoreCase(target.getScheme());
    if ((!secure && !"http".equalsIgnoreCase(target.getScheme()))
        || target.getHost() == null
        || target.getRawUserInfo() != null) {
      throw HostFailure.lasting(
          HostFailure.Kind.UNAVAILABLE, "redirect to " + Redaction.uri(target) + " is refused");
    }
    if (Origin.of(from).secure() && !secure && !plainAllowed) {
      throw HostFailure.lasting(
          HostFailure.Kind.UNAVAILABLE,
          "redirect from https to " + Redaction.uri(target) + " is refused");
    }
    return target;
  }

  /** Escapes what servers leave unescaped in signed URLs, and nothing else. */
  static String lenient(String location) {
    StringBuilder text = new StringBuilder(location.length());
    for (int i = 0; i < location.length(); i++) {
      char c = location.charAt(i);
      // Heads are read as ISO 8859-1: a character is a byte.
      if (c <= ' ' || c >= 127 || "\"<>\\^`{|}".indexOf(c) >= 0) {
        text.append('%').append(HexFormat.of().withUpperCase().toHexDigits((byte) c));
      } else {
        text.append(c);
      }
    }
    return text.toString();
  }
}
