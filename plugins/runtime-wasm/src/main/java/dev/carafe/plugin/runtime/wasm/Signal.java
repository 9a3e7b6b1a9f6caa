package dev.carafe.plugin.runtime.wasm;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.Set;

/** Signals do to a module what they do to a program without handlers, stopping apart. */
final class Signal {
  static final int KILL = 9;
  static final int XCPU = 24;

  private static final int MOST = 64;

  /** SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH. */
  private static final Set<Integer> WITHOUT_EFFECT = Set.of(17, 18, 19, 20, 21, 22, 23, 28);

  private Signal() {}

  /**
   * Whether it ends a program.
   *
   * @throws InvalidArgumentException if there is no such signal
   */
  static boolean ends(int number) {
    if (number < 0 || number > MOST) {
      throw new InvalidArgumentException("signal " + number + ": is none");
    }
    return number != 0 && !WITHOUT_EFFECT.contains(number);
  }
}
