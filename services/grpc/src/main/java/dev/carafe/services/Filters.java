package dev.carafe.services;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * containerd's filters: {@code selector[,selector]...} where a selector is {@code path}, {@code
 * path==value}, {@code path!=value} or {@code path~=regex}; several filters are alternatives, none
 * means everything. Regular expressions run in linear time (RE2).
 */
final class Filters {
  private static final Logger LOG = LoggerFactory.getLogger(Filters.class);
  private static final int MAX_LENGTH = 64 << 10;

  /** Of all filters of a call. */
  private static final int MAX_COUNT = 10_000;

  private static final int MAX_TOTAL_LENGTH = 1 << 20;
  private static final long MAX_TOTAL_REGEX = 10L * RegexSize.LIMIT;

  private Filters() {}

  /** What is empty is not there. */
  static @Nullable String present(String value) {
    return value.isEmpty() ? null : value;
  }

  /** What an object shows to filters. */
  @FunctionalInterface
  interface Fields {
    /** The value at a path, or null if it has none: an empty name, for example, is none. */
    @Nullable String value(List<String> path);
  }

  /**
   * Reads filters.
   *
   * @throws InvalidArgumentException if one cannot be read, or if they are too many or too large
   */
  static Predicate<Fields> parse(List<String> filters) {
    if (filters.size() > MAX_COUNT) {
      throw new InvalidArgumentException("more than " + MAX_COUNT + " filters");
    }
    List<Predicate<Fields>> alternatives = new ArrayList<>();
    int length = 0;
    long regexSize = 0;
    for (String filter : filters) {
      if (filter.length() > MAX_LENGTH) {
        throw new InvalidArgumentException("filter is longer than " + MAX_LENGTH + " characters");
      }
      length += filter.length();
      if (length > MAX_TOTAL_LENGTH) {
        throw new InvalidArgumentException(
            "filters are longer than " + MAX_TOTAL_LENGTH + " characters");
      }
      Parser parser = new Parser(filter, MAX_TOTAL_REGEX - regexSize);
      alternatives.add(parser.parse());
      regexSize += parser.regexSize;
    }
    if (alternatives.isEmpty()) {
      return fields -> true;
    }
    return fields -> alternatives.stream().anyMatch(alternative -> alternative.test(fields));
  }

  /** The fields of an object that has labels; {@code rest} answers for everything else. */
  static Fields withLabels(java.util.Map<String, String> labels, Fields rest) {
    return path ->
        path.getFirst().equals("labels")
            ? (path.size() > 1 ? labels.get(String.join(".", path.subList(1, path.size()))) : null)
            : rest.value(path);
  }

  private static final class Parser {
    private final String text;
    private final long regexLimit;
    private long regexSize;
    private int at;

    /**
     * @param regexLimit steps that its regular expressions may have together
     */
    Parser(String text, long regexLimit) {
      this.text = text;
      this.regexLimit = regexLimit;
    }

    Predicate<Fields> parse() {
      if (text.isEmpty()) {
        return fields -> true;
      }
      List<Predicate<Fields>> selectors = new ArrayList<>();
      while (true) {
        selectors.add(selector());
        skipSpace();
        if (at == text.length()) {
          return fields -> selectors.stream().allMatch(selector -> selector.test(fields));
        }
        if (text.charAt(at) != ',') {
          throw wrong("expected a comma");
        }
        at++;
      }
    }

    private Predicate<Fields> selector() {
      skipSpace();
      List<String> path = new ArrayList<>();
      path.add(pathPart());
      while (at < text.length() && text.charAt(at) == '.') {
        at++;
        path.add(pathPart());
      }
      skipSpace();
      if (at == text.length() || text.charAt(at) == ',') {
        return fields -> fields.value(path) != null;
      }
      if (text.startsWith("==", at)) {
        at += 2;
        skipSpace();
        String expected = value(false);
        return fields -> expected.equals(fields.value(path));
      }
      if (text.startsWith("!=", at)) {
        at += 2;
        skipSpace();
        String unwanted = value(false);
        return fields -> {
          String value = fields.value(path);
          return !unwanted.equals(value == null ? "" : value);
        };
      }
      if (text.startsWith("~=", at)) {
        at += 2;
        skipSpace();
        return matches(path, value(true));
      }
      throw wrong("expected an operator");
    }

    private void skipSpace() {
      while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
        at++;
      }
    }

    private Predicate<Fields> matches(List<String> path, String regex) {
      long size = RegexSize.of(regex);
      if (size > RegexSize.LIMIT) {
        LOG.warn("filter: a regular expression of {} characters is too large", regex.length());
        return fields -> false;
      }
      regexSize += size;
      if (regexSize > regexLimit) {
        throw new InvalidArgumentException("filters: too many regular expressions");
      }
      Pattern pattern;
      try {
        pattern = Pattern.compile(regex);
      } catch (PatternSyntaxException e) {
        LOG.warn("filter: regular expression {}: {}", regex, e.getMessage());
        return fields -> false;
      }
      return fields -> {
        String value = fields.value(path);
        return value != null && pattern.matcher(value).find();
      };
    }

    private String pathPart() {
      if (at < text.length() && text.charAt(at) == '"') {
        return quoted('"');
      }
      int start = at;
      while (at < text.length() && isName(text.charAt(at))) {
        at++;
      }
      if (at == start) {
        throw wrong("expected a field");
      }
      return text.substring(start, at);
    }

    private static boolean isName(char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    }

    private String value(boolean regex) {
      if (at < text.length()) {
        char first = text.charAt(at);
        if (first == '"' || (regex && (first == '/' || first == '|'))) {
          return quoted(first);
        }
      }
      int start = at;
      while (at < text.length()
          && text.charAt(at) != ','
          && !Character.isWhitespace(text.charAt(at))) {
        at++;
      }
      if (at == start) {
        throw wrong("expected a value");
      }
      return text.substring(start, at);
    }

    private String quoted(char quote) {
      StringBuilder value = new StringBuilder();
      for (at++; at < text.length(); at++) {
        char c = text.charAt(at);
        if (c == quote) {
          at++;
          return value.toString();
        }
        if (c == '\\' && at + 1 < text.length()) {
          at++;
          escape(quote, value);
        } else {
          value.append(c);
        }
      }
      throw wrong("quoted value does not end");
    }

    /**
     * In double quotes Go's escapes; between the delimiters of a regular expression only the
     * delimiter is escaped.
     */
    private void escape(char quote, StringBuilder value) {
      char c = text.charAt(at);
      if (quote != '"') {
        if (c != quote) {
          value.append('\\');
        }
        value.append(c);
        return;
      }
      switch (c) {
        case 'n' -> value.append('\n');
        case 't' -> value.append('\t');
        case 'r' -> value.append('\r');
        case '\\', '"' -> value.append(c);
        case 'x' -> value.append((char) hex(2));
        case 'u' -> value.append((char) hex(4));
        case 'U' -> value.appendCodePoint(hex(8));
        default -> throw wrong("unknown escape");
      }
    }

    private int hex(int digits) {
      if (at + digits >= text.length()) {
        throw wrong("unknown escape");
      }
      try {
        int value = Integer.parseUnsignedInt(text.substring(at + 1, at + 1 + digits), 16);
        if (!Character.isValidCodePoint(value)) {
          throw wrong("unknown escape");
        }
        at += digits;
        return value;
      } catch (NumberFormatException e) {
        throw wrong("unknown escape");
      }
    }

    private InvalidArgumentException wrong(String why) {
      return new InvalidArgumentException(
          "filter \"" + text.replaceAll("\\p{Cntrl}", "?") + "\": " + why + " at " + at);
    }
  }
}
