package dev.carafe.ctr;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A command as people type it.
 *
 * @param path its words, for example {@code images ls}
 * @param operands what follows the flags, for help
 * @param min fewest operands
 * @param max most operands, -1 for any number; then everything after the first {@code min} operands
 *     is taken as it is
 * @param help one line
 */
record Command(String path, String operands, int min, int max, String help, List<Flag> flags) {
  static final Flag HELP = new Flag("help", "h", "", "shows help", false);

  Command {
    List<Flag> all = new ArrayList<>(flags);
    all.add(HELP);
    flags = List.copyOf(all);
  }

  /** How many words the path has. */
  int words() {
    return path.indexOf(' ') < 0 ? 1 : 2;
  }

  /** After how many operands words are no longer read as flags, or -1. */
  int literalFrom() {
    return max < 0 ? min : -1;
  }

  /**
   * Checks what does not depend on the daemon. A container from files of the machine needs no
   * image.
   *
   * @throws UsageException if it is wrong
   */
  void check(Arguments arguments) {
    checkFormat(arguments.valueOrNull("format"));
    int given = arguments.operands().size();
    boolean noImage = arguments.has("config") || arguments.has("rootfs");
    if (given < (noImage ? 1 : min) || (max >= 0 && given > max)) {
      throw new UsageException(("usage: carafe " + path + " [flags] " + operands).strip());
    }
  }

  private void checkFormat(@Nullable String given) {
    for (Flag flag : flags) {
      if (flag.name().equals("format") && given != null) {
        List<String> formats = List.of(flag.value().split("\\|"));
        if (!formats.contains(given)) {
          String last = formats.getLast();
          String others = String.join(", ", formats.subList(0, formats.size() - 1));
          throw new UsageException(
              "--format is " + others + " or " + last + ", not \"" + given + "\"");
        }
      }
    }
  }

  /**
   * A flag.
   *
   * @param name without dashes
   * @param letter or empty
   * @param value name of its value for help; empty for a switch
   * @param repeated whether it may be given more than once
   */
  record Flag(String name, String letter, String value, String help, boolean repeated) {
    boolean isSwitch() {
      return value.isEmpty();
    }
  }
}
