package dev.carafe.plugin.runtime.shim;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.runtimes.CriLogTarget;
import dev.carafe.spi.runtimes.Stdio;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A task's output in the log format of CRI, as {@link Stdio} has it, in the bundle ({@code
 * cri-log.json}) for the next daemon.
 *
 * @param path of the file
 * @param stdin empty, {@code once} or {@code open}
 */
record CriLogPlan(String path, String stdin, boolean terminal) {
  private static final String ONCE = "once";

  /**
   * What the names ask for; null if they are anything else.
   *
   * @throws InvalidArgumentException if a shim's output cannot be that, as with {@code journal}
   */
  static @Nullable CriLogPlan of(Stdio stdio) {
    CriLogTarget target = CriLogTarget.of(stdio).orElse(null);
    if (target == null) {
      return null;
    }
    if (!target.journal().isEmpty()) {
      throw new InvalidArgumentException(
          "stdio \"" + stdio.stdout() + "\": a task in a shim does not log to the journal");
    }
    String stdin =
        switch (target.input()) {
          case NONE -> "";
          case ONCE -> ONCE;
          case OPEN -> "open";
        };
    return new CriLogPlan(target.path().toString(), stdin, stdio.terminal());
  }

  /** What the shim is told. */
  Stdio fifos(Bundle bundle) {
    return new Stdio(
        hasInput() ? bundle.stdin().toString() : "",
        bundle.stdout().toString(),
        terminal ? "" : bundle.stderr().toString(),
        terminal);
  }

  Path file() {
    return Path.of(path);
  }

  boolean hasInput() {
    return !stdin.isEmpty();
  }

  /** Whether the first client's end of input is the process's. */
  boolean endsInput() {
    return stdin.equals(ONCE);
  }
}
