package dev.carafe.plugin.source.registry;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Turns a refusal into a failure with the server's own words. */
final class Failures {
  private static final int BODY_LIMIT = 16 * 1024;
  private static final int ERRORS_LIMIT = 3;
  private static final Duration BODY_TIME = Duration.ofSeconds(10);

  private Failures() {}

  /**
   * What an answer other than success means. Reads the body's beginning.
   *
   * @param prefix of the reason
   */
  static HostFailure of(Reply reply, String prefix, Budget budget) {
    int status = reply.status();
    String words = words(reply, budget);
    String said = words.isEmpty() ? "" : " (" + words + ")";
    Duration wait = retryAfter(reply.headers().first("Retry-After").orElse(""), Instant.now());
    return switch (status) {
      case 401 ->
          HostFailure.lasting(
              HostFailure.Kind.UNAUTHENTICATED, prefix + "401 authorization required" + said);
      case 403 ->
          HostFailure.lasting(HostFailure.Kind.PERMISSION_DENIED, prefix + "403 denied" + said);
      case 404, 410 ->
          HostFailure.lasting(HostFailure.Kind.NOT_FOUND, prefix + status + " not found" + said);
      case 429 ->
          HostFailure.passing(
              HostFailure.Kind.RESOURCE_EXHAUSTED, prefix + "429 too many requests" + said, wait);
      case 408, 425, 500, 502, 503, 504 ->
          HostFailure.passing(HostFailure.Kind.UNAVAILABLE, prefix + status + said, wait);
      default ->
          HostFailure.lasting(
              status >= 500 || status < 400
                  ? HostFailure.Kind.UNAVAILABLE
                  : HostFailure.Kind.FAILED_PRECONDITION,
              prefix + "answers " + status + said);
    };
  }

  /** RFC 9110 section 10.2.3: seconds or a date; zero where it is neither. */
  static Duration retryAfter(String value, Instant now) {
    if (!value.isEmpty() && value.length() <= 9 && value.chars().allMatch(Character::isDigit)) {
      return Duration.ofSeconds(Long.parseLong(value));
    }
    try {
      Instant then = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      return then.isAfter(now) ? Duration.between(now, then) : Duration.ZERO;
    } catch (DateTimeParseException e) {
      return Duration.ZERO;
    }
  }

  private static String words(Reply reply, Budget budget) {
    byte[] body;
    try {
      body = reply.body().head(BODY_LIMIT, budget.part(BODY_TIME));
    } catch (IOException e) {
      return "";
    }
    String type = reply.headers().first("Content-Type").orElse("").toLowerCase(Locale.ROOT);
    return Json.read(body)
        .map(document -> Redaction.text(words(document)))
        .orElseGet(() ->
            type.startsWith("text/plain")
                ? Redaction.text(new String(body, StandardCharsets.UTF_8))
                : "");
  }

  /** The OCI error form, OAuth2's, and what token services and proxies are known to say. */
  private static String words(JsonNode answer) {
    List<String> words = new ArrayList<>();
    for (JsonNode error : answer.path("errors")) {
      String code = error.path("code").asText("");
      String message = error.path("message").asText("");
      if (words.size() < ERRORS_LIMIT && !(code + message).isEmpty()) {
        words.add(code.isEmpty() || message.isEmpty() ? code + message : code + ": " + message);
      }
    }
    for (String key : List.of("error_description", "error", "message", "details")) {
      if (words.isEmpty() && answer.path(key).isTextual()) {
        words.add(answer.path(key).textValue());
      }
    }
    return String.join("; ", words);
  }
}
