package dev.carafe.plugin.source.registry;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * One way to authenticate that a server offers (RFC 9110 section 11.6.1).
 *
 * @param scheme lower case, for example {@code bearer}
 * @param parameters by lower-case name; empty where the challenge has a single token instead
 */
record Challenge(String scheme, Map<String, String> parameters) {
  private static final int HEADER_LIMIT = 16 * 1024;
  private static final int CHALLENGES_LIMIT = 16;
  private static final int PARAMETERS_LIMIT = 32;

  Challenge {
    parameters = Map.copyOf(parameters);
  }

  String parameter(String name) {
    return parameters.getOrDefault(name, "");
  }

  /** Those values that are worth showing to somebody else. */
  static List<String> bounded(List<String> values) {
    return values.stream()
        .filter(value -> value.length() <= HEADER_LIMIT)
        .limit(CHALLENGES_LIMIT)
        .toList();
  }

  /**
   * Reads the values of {@code WWW-Authenticate}. Whatever follows a mistake in a value, or lies
   * beyond the limits, is left out; nothing is ever thrown.
   */
  static List<Challenge> parse(List<String> values) {
    List<Challenge> challenges = new ArrayList<>();
    for (String value : values) {
      if (value.length() <= HEADER_LIMIT) {
        challenges.addAll(new Parser(value).run());
      }
    }
    return challenges.size() > CHALLENGES_LIMIT
        ? challenges.subList(0, CHALLENGES_LIMIT)
        : challenges;
  }

  private static final class Parser {
    private final String text;
    private final List<Challenge> found = new ArrayList<>();
    private String scheme = "";
    private final Map<String, String> parameters = new TreeMap<>();
    private int at;

    Parser(String text) {
      this.text = text;
    }

    List<Challenge> run() {
      while (found.size() < CHALLENGES_LIMIT) {
        skipSeparators();
        String word = token();
        skipSpaces();
        if (word.isEmpty()) {
          break;
        }
        if (at < text.length() && text.charAt(at) == '=') {
          if (scheme.isEmpty() || !parameter(word)) {
            break;
          }
        } else {
          finish();
          scheme = word.toLowerCase(Locale.ROOT);
          skipToken68();
        }
      }
      finish();
      return found;
    }

    private void finish() {
      if (!scheme.isEmpty()) {
        found.add(new Challenge(scheme, parameters));
      }
      parameters.clear();
      scheme = "";
    }

    /** Reads {@code =value} or {@code ="value"}; false after a mistake. */
    private boolean parameter(String name) {
      at++;
      skipSpaces();
      StringBuilder value = new StringBuilder();
      if (at < text.length() && text.charAt(at) == '"') {
        if (!quoted(value)) {
          return false;
        }
      } else {
        value.append(token());
      }
      if (parameters.size() >= PARAMETERS_LIMIT) {
        return false;
      }
      parameters.putIfAbsent(name.toLowerCase(Locale.ROOT), value.toString());
      return true;
    }

    /** Passes over a scheme's single token, if that is what comes and no parameter. */
    private void skipToken68() {
      int start = at;
      token();
      boolean any = at > start;
      while (at < text.length() && text.charAt(at) == '=') {
        at++;
      }
      skipSpaces();
      if (!any || (at < text.length() && text.charAt(at) != ',')) {
        at = start;
      }
    }

    private boolean quoted(StringBuilder into) {
      at++;
      while (at < text.length()) {
        char c = text.charAt(at++);
        if (c == '"') {
          return true;
        }
        if (c == '\\' && at < text.length()) {
          c = text.charAt(at++);
        }
        into.append(c);
      }
      return false;
    }

    private String token() {
      int start = at;
      while (at < text.length() && isTokenChar(text.charAt(at))) {
        at++;
      }
      return text.substring(start, at);
    }

    private static boolean isTokenChar(char c) {
      return c > ' ' && c < 127 && "\"(),;<=>?@[\\]{}".indexOf(c) < 0;
    }

    private boolean isSpace() {
      return text.charAt(at) == ' ' || text.charAt(at) == '\t';
    }

    private void skipSpaces() {
      while (at < text.length() && isSpace()) {
        at++;
      }
    }

    private void skipSeparators() {
      while (at < text.length() && (isSpace() || text.charAt(at) == ',')) {
        at++;
      }
    }
  }
}
