package dev.carafe.ctr;

import dev.carafe.ctr.Command.Flag;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Flags and operands of one command line. */
record Arguments(Map<String, List<String>> flags, List<String> operands) {
  Arguments {
    flags = Map.copyOf(flags);
    operands = List.copyOf(operands);
  }

  /**
   * Reads flags up to the first operand, or between operands where the command takes a fixed number of them; {@code --} ends flags.
   *
   * @throws UsageException if a flag is unknown or lacks its value
   */
  static Arguments parse(List<Flag> known, List<String> words, int fixedOperands) {
    Map<String, List<String>> flags = new HashMap<>();
    List<String> operands = new ArrayList<>();
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      boolean literal = fixedOperands >= 0 && operands.size() >= fixedOperands;
      if (literal || !word.startsWith("-") || word.equals("-")) {
        operands.add(word);
      } else if (word.equals("--")) {
        operands.addAll(words.subList(i + 1, words.size()));
        break;
      } else {
        int equals = word.startsWith("--") ? word.indexOf('=') : -1;
        String name = equals < 0 ? word : word.substring(0, equals);
        Flag flag = find(known, name);
        String value;
        if (flag.value().isEmpty()) {
          value = equals < 0 ? "true" : word.substring(equals + 1);
        } else if (equals >= 0) {
          value = word.substring(equals + 1);
        } else if (i + 1 < words.size()) {
          value = words.get(++i);
        } else {
          throw new UsageException(name + " needs a value");
        }
        List<String> values = flags.computeIfAbsent(flag.name(), ignored -> new ArrayList<>());
        if (!flag.repeated()) {
          values.clear();
        }
        values.add(value);
      }
    }
    return new Arguments(flags, operands);
  }

  private static Flag find(List<Flag> known, String name) {
    for (Flag flag : known) {
      if (name.equals("--" + flag.name()) || (!flag.letter().isEmpty() && name.equals("-" + flag.letter()))) {
        return flag;
      }
    }
    throw new UsageException("unknown flag " + name);
  }

  boolean has(String name) {
    return "true".equals(value(name, ""));
  }

  String value(String name, String otherwise) {
    List<String> values = flags.get(name);
    return values == null ? otherwise : values.getLast();
  }

  @Nullable String valueOrNull(String name) {
    List<String> values = flags.get(name);
    return values == null ? null : values.getLast();
  }

  List<String> values(String name) {
    return flags.getOrDefault(name, List.of());
  }

  String operand(int index) {
    return operands.get(index);
  }
}
