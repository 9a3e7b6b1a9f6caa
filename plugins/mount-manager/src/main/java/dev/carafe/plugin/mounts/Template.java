package dev.carafe.plugin.mounts;

import dev.carafe.engine.stores.Activation;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Text with references to mounts that were made: {@code {{ mount 0 }}/upper}. */
final class Template {
  private static final Pattern EXPRESSION = Pattern.compile("\\{\\{([^{}]{0,64})\\}\\}");
  private static final Pattern WORDS =
      Pattern.compile("\\s*(source|target|mount|overlay)((?:\\s+[0-9]{1,4}){1,2})\\s*");
  private static final int MAX_LENGTH = 1 << 20;

  private Template() {}

  /**
   * The text with every reference replaced.
   *
   * @throws InvalidArgumentException if one is no reference, or to a mount that was not made
   */
  static String fill(String text, List<Activation.Active> made) {
    if (!text.contains("{{")) {
      return text;
    }
    Matcher matcher = EXPRESSION.matcher(text);
    StringBuilder filled = new StringBuilder();
    while (matcher.find()) {
      matcher.appendReplacement(filled, Matcher.quoteReplacement(value(matcher.group(1), made)));
      if (filled.length() > MAX_LENGTH) {
        throw new InvalidArgumentException("mount template: more than " + MAX_LENGTH + " bytes");
      }
    }
    matcher.appendTail(filled);
    if (matcher.reset(filled).find() || filled.indexOf("{{") >= 0) {
      throw wrong(text);
    }
    return filled.toString();
  }

  private static String value(String expression, List<Activation.Active> made) {
    Matcher words = WORDS.matcher(expression);
    if (!words.matches()) {
      throw wrong(expression);
    }
    String[] numbers = words.group(2).strip().split("\\s+");
    int first = Integer.parseInt(numbers[0]);
    boolean range = words.group(1).equals("overlay");
    if (range != (numbers.length == 2)) {
      throw wrong(expression);
    }
    int last = range ? Integer.parseInt(numbers[1]) : first;
    if (Math.max(first, last) >= made.size()) {
      throw new InvalidArgumentException(
          "mount template \"" + shown(expression) + "\": " + made.size() + " mounts were made");
    }
    return switch (words.group(1)) {
      case "source" -> made.get(first).mount().source();
      case "target" -> made.get(first).mount().target();
      case "mount" -> made.get(first).mountPoint();
      default -> range(made, first, last);
    };
  }

  /** Upwards or downwards, as it is asked for. */
  private static String range(List<Activation.Active> made, int first, int last) {
    List<Activation.Active> part =
        first <= last ? made.subList(first, last + 1) : made.subList(last, first + 1).reversed();
    return part.stream().map(Activation.Active::mountPoint).collect(Collectors.joining(":"));
  }

  private static InvalidArgumentException wrong(String text) {
    return new InvalidArgumentException("mount template \"" + shown(text) + "\" is not understood");
  }

  private static String shown(String text) {
    return text.substring(0, Math.min(text.length(), 128)).replaceAll("\\p{Cntrl}", "?");
  }
}
