package dev.carafe.plugin.runtime.shim;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.runtimes.Stdio;
import java.net.URI;
import java.net.URISyntaxException;
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
  private static final String SCHEME = "cri-log://";
  private static final String STDIN = "stdin=";

  /**
   * What the names ask for; null if they are anything else.
   *
   * @throws InvalidArgumentException if a shim's output cannot be that, as with {@code journal}
   */
  static @Nullable CriLogPlan of(Stdio stdio) {
    if (!stdio.stdout().startsWith(SCHEME)) {
      return null;
    }
    if (!stdio.stdin().isEmpty()
        || !stdio.stderr().isEmpty() && !stdio.stderr().equals(stdio.stdout())) {
      throw new InvalidArgumentException(
          "stdio: with a log in CRI's format all streams are the log's");
    }
    try {
      URI uri = new URI(stdio.stdout());
      String path = uri.getPath();
      if (uri.getAuthority() != null
          || path == null
          || !path.startsWith("/")
          || path.endsWith("/")
          || path.indexOf('\0') >= 0) {
        throw new InvalidArgumentException("stdio \"" + uri + "\": path is not absolute");
      }
      String query = uri.getQuery() == null ? "" : uri.getQuery();
      if (!query.isEmpty() && !query.equals("stdin=once") && !query.equals("stdin=open")) {
        throw new InvalidArgumentException(
            "stdio \"" + uri + "\": of a task in a shim not stdin=once or stdin=open");
      }
      String stdin = query.isEmpty() ? "" : query.substring(STDIN.length());
      return new CriLogPlan(path, stdin, stdio.terminal());
    } catch (URISyntaxException e) {
      throw new InvalidArgumentException("stdio \"" + stdio.stdout() + "\": " + e.getMessage(), e);
    }
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
    return stdin.equals("once");
  }
}
