package dev.carafe.ctr;

import dev.carafe.ctr.Command.Flag;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Flags and operands of one command line: {@code --name VALUE}, {@code --name=VALUE}, {@code -n
 * VALUE}, {@code -nVALUE}, switches together as in {@code -it}; {@code --} ends flags.
 */
record Arguments(Map<String, List<String>> flags, List<String> operands) {
  /**
   * Reads a command line.
   *
   * @param literalFrom the number of operands after which everything is an operand, or -1
   * @throws UsageException if a flag is unknown or lacks its value
   */
  static Arguments parse(List<Flag> known, List<String> words, int literalFrom) {
    Arguments arguments = new Arguments(new HashMap<>(), new ArrayList<>());
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      boolean literal = literalFrom >= 0 && arguments.operands.size() >= literalFrom;
      if (literal || !isFlag(word)) {
        arguments.operands.add(word);
      } else if (word.equals("--")) {
        arguments.operands.addAll(words.subList(i + 1, words.size()));
        break;
      } else {
        String next = i + 1 < words.size() ? words.get(i + 1) : null;
        i += arguments.flag(known, word, next) ? 1 : 0;
      }
    }
    return arguments;
  }

  private static boolean isFlag(String word) {
    return word.startsWith("-") && !word.equals("-");
  }

  /** Whether a word is a flag whose value is the next word. */
  static boolean takesNext(List<Flag> known, String word) {
    return isFlag(word) && new Arguments(new HashMap<>(), List.of()).flag(known, word, "");
  }

  /** Takes one word; returns whether it took the next one too. */
  private boolean flag(List<Flag> known, String word, @Nullable String next) {
    if (word.startsWith("--")) {
      int equals = word.indexOf('=');
      String name = word.substring(2, equals < 0 ? word.length() : equals);
      Flag flag = find(known, word, name, false);
      String attached = equals < 0 ? null : word.substring(equals + 1);
      return set(flag, flag.isSwitch() && attached == null ? "true" : attached, word, next);
    }
    for (int i = 1; i < word.length(); i++) {
      Flag flag = find(known, word, word.substring(i, i + 1), true);
      if (!flag.isSwitch()) {
        return set(flag, i + 1 < word.length() ? word.substring(i + 1) : null, word, next);
      }
      set(flag, "true", word, next);
    }
    return false;
  }

  private static Flag find(List<Flag> known, String word, String name, boolean letter) {
    for (Flag flag : known) {
      if (name.equals(letter ? flag.letter() : flag.name())) {
        return flag;
      }
    }
    throw new UsageException("unknown flag " + word);
  }

  private boolean set(Flag flag, @Nullable String attached, String word, @Nullable String next) {
    String value = attached == null ? next : attached;
    if (value == null) {
      throw new UsageException(word + " needs a value");
    }
    List<String> values = flags.computeIfAbsent(flag.name(), ignored -> new ArrayList<>());
    if (!flag.repeated()) {
      values.clear();
    }
    values.add(value);
    return attached == null;
  }

  /** Whether a switch is on, or a flag with a value is given. */
  boolean has(String name) {
    return !value(name, "false").equals("false");
  }

  String value(String name, String otherwise) {
    List<String> values = flags.get(name);
    return values == null ? otherwise : values.getLast();
  }

  @Nullable String valueOrNull(String name) {
    return flags.containsKey(name) ? value(name, "") : null;
  }

  List<String> values(String name) {
    return flags.getOrDefault(name, List.of());
  }

  /**
   * A whole number that is not negative.
   *
   * @throws UsageException if it is something else
   */
  long number(String name, long otherwise) {
    String value = valueOrNull(name);
    try {
      long number = value == null ? otherwise : Long.parseLong(value);
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw new UsageException("--" + name + " takes a number, not \"" + value + "\"");
    }
    throw new UsageException("--" + name + " takes a number, not \"" + value + "\"");
  }

  String operand(int index) {
    return operands.get(index);
  }

  /** The operands from one on. */
  List<String> operandsFrom(int index) {
    return operands.subList(Math.min(index, operands.size()), operands.size());
  }
}
