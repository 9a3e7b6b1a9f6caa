package dev.carafe.cni;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of Go's templates that network configurations use: {@code {{.PodCIDR}}} (the first
 * range), {@code {{range .PodCIDRRanges}}} and {@code {{range $i, $x := .Routes}}} with {@code
 * {{.}}} or {@code {{$x}}} inside, {@code {{if $i}}}, {@code {{else}}}, {@code {{end}}}, and {@code
 * -} to trim space. Anything else is an error.
 */
final class ConfTemplate {
  private static final int MAX_OUTPUT = 1 << 20;
  private static final Pattern ACTION = Pattern.compile("\\{\\{(-\\s)?\\s*(.*?)\\s*(\\s-)?\\}\\}");
  private static final Pattern RANGE =
      Pattern.compile("range\\s+(?:(?:(\\$\\w+)\\s*,\\s*)?(\\$\\w+)\\s*:=\\s*)?(\\.\\w+)");
  private static final Pattern IF = Pattern.compile("if\\s+(\\$\\w+|\\.\\w*)");

  private final List<Token> tokens;
  private final Map<String, Object> data;
  private final StringBuilder out = new StringBuilder();
  private int at;

  private sealed interface Token {
    record Literal(String text) implements Token {}

    record Action(String code) implements Token {}
  }

  private ConfTemplate(List<Token> tokens, Map<String, Object> data) {
    this.tokens = tokens;
    this.data = data;
  }

  /**
   * Fills a template in.
   *
   * @param cidrs valid address ranges, at least one; a default route goes with each family
   * @throws InvalidArgumentException if the template has what is not understood
   */
  static String render(String template, List<String> cidrs) {
    Map<String, Object> data = new HashMap<>();
    data.put(".PodCIDR", cidrs.getFirst());
    data.put(".PodCIDRRanges", cidrs);
    data.put(
        ".Routes",
        cidrs.stream()
            .map(cidr -> cidr.indexOf(':') >= 0 ? "::/0" : "0.0.0.0/0")
            .distinct()
            .toList());
    ConfTemplate run = new ConfTemplate(tokens(template), data);
    String end = run.block(true);
    if (!end.isEmpty()) {
      throw new InvalidArgumentException("template: {{" + end + "}} ends nothing");
    }
    return run.out.toString();
  }

  private static List<Token> tokens(String template) {
    List<Token> tokens = new ArrayList<>();
    Matcher matcher = ACTION.matcher(template);
    int from = 0;
    boolean trim = false;
    while (matcher.find()) {
      tokens.add(
          literal(template.substring(from, matcher.start()), trim, matcher.group(1) != null));
      tokens.add(new Token.Action(matcher.group(2)));
      trim = matcher.group(3) != null;
      from = matcher.end();
    }
    tokens.add(literal(template.substring(from), trim, false));
    return tokens;
  }

  private static Token literal(String text, boolean trimStart, boolean trimEnd) {
    String trimmed = trimStart ? text.stripLeading() : text;
    return new Token.Literal(trimEnd ? trimmed.stripTrailing() : trimmed);
  }

  /**
   * Runs up to the {@code end} or {@code else} of this block, which it returns; empty at the end.
   */
  private String block(boolean live) {
    while (at < tokens.size()) {
      switch (tokens.get(at++)) {
        case Token.Literal literal -> {
          if (live) {
            write(literal.text());
          }
        }
        case Token.Action action -> {
          String code = action.code();
          if (code.equals("end") || code.equals("else")) {
            return code;
          }
          act(code, live);
        }
      }
    }
    return "";
  }

  private void act(String code, boolean live) {
    Matcher range = RANGE.matcher(code);
    Matcher condition = IF.matcher(code);
    if (code.startsWith("/*") && code.endsWith("*/")) {
      return;
    }
    if (range.matches()) {
      range(range, live);
    } else if (condition.matches()) {
      boolean holds = live && truth(value(condition.group(1)));
      if (closing(block(holds), code).equals("else")) {
        requireEnd(block(live && !holds), code);
      }
    } else if (live) {
      if (!(value(code) instanceof String text)) {
        throw new InvalidArgumentException("template: {{" + code + "}} is no text");
      }
      write(text);
    }
  }

  private void range(Matcher range, boolean live) {
    String code = range.group();
    int start = at;
    if (!live) {
      requireEnd(block(false), code);
      return;
    }
    if (!(value(range.group(3)) instanceof List<?> list)) {
      throw new InvalidArgumentException("template: " + range.group(3) + " is no list");
    }
    Map<String, Object> saved = new HashMap<>(data);
    for (int i = 0; i < list.size(); i++) {
      at = start;
      String element = String.valueOf(list.get(i));
      data.put(".", element);
      if (range.group(1) != null) {
        data.put(range.group(1), (long) i);
      }
      if (range.group(2) != null) {
        data.put(range.group(2), element);
      }
      requireEnd(block(true), code);
    }
    data.clear();
    data.putAll(saved);
    if (list.isEmpty()) {
      requireEnd(block(false), code);
    }
  }

  private Object value(String name) {
    Object value = data.get(name);
    if (value == null) {
      throw new InvalidArgumentException("template: {{" + Text.shown(name) + "}} is not known");
    }
    return value;
  }

  private static boolean truth(Object value) {
    return switch (value) {
      case Long number -> number != 0;
      case String text -> !text.isEmpty();
      case List<?> list -> !list.isEmpty();
      default -> true;
    };
  }

  private static String closing(String end, String code) {
    if (end.isEmpty()) {
      throw new InvalidArgumentException("template: {{" + code + "}} has no {{end}}");
    }
    return end;
  }

  private static void requireEnd(String end, String code) {
    if (!closing(end, code).equals("end")) {
      throw new InvalidArgumentException("template: {{" + code + "}}: {{else}} is not understood");
    }
  }

  private void write(String text) {
    out.append(text);
    if (out.length() > MAX_OUTPUT) {
      throw new InvalidArgumentException("template: makes more than " + MAX_OUTPUT + " characters");
    }
  }
}
