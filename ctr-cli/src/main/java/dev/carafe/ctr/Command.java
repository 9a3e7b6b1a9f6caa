package dev.carafe.ctr;

import java.util.List;

/**
 * A command as people type it.
 *
 * @param path its words, for example {@code images ls}
 * @param operands what follows the flags, for help
 * @param min fewest operands
 * @param max most operands, -1 for any number; then everything after the first {@code min} operands is taken as it is
 * @param help one line
 */
record Command(String path, String operands, int min, int max, String help, List<Flag> flags) {
  Command {
    flags = List.copyOf(flags);
  }

  /**
   * A flag.
   *
   * @param name without dashes
   * @param letter or empty
   * @param value name of its value for help; empty for a switch
   * @param repeated whether it may be given more than once
   */
  record Flag(String name, String letter, String value, String help, boolean repeated) {}
}
