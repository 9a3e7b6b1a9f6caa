package dev.carafe.plugin.runtime.oci;

import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.Terminal;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.runtimes.Stdio;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Output in the log format of CRI, {@code cri-log:///path}: conmon writes it itself and lets
 * clients attach ({@code BUNDLE/attach}). With {@code ?stdin=once} or {@code ?stdin=open} the
 * process's standard input is what clients that are attached send; it ends with the first of them
 * or never. With {@code journal=TAG} conmon writes to systemd's journal, too.
 *
 * @param journal the tag, or empty
 */
record ContainerLog(Path path, Stdin stdin, String journal) {
  private static final String SCHEME = "cri-log";
  private static final String JOURNAL = "journal=";

  /** What conmon's control FIFO understands. */
  private static final int RESIZE = 1;

  private static final int REOPEN = 2;
  private static final Duration POLL = Duration.ofMillis(2);

  enum Stdin {
    NONE,
    ONCE,
    OPEN
  }

  /** What the names ask for; empty if they are anything else. */
  static Optional<ContainerLog> of(Stdio stdio) {
    if (!stdio.stdout().startsWith(SCHEME + "://")) {
      return Optional.empty();
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
          || path.indexOf(0) >= 0) {
        throw new InvalidArgumentException(
            "stdio \"" + stdio.stdout() + "\": path is not absolute");
      }
      return Optional.of(of(uri, Path.of(path)));
    } catch (URISyntaxException e) {
      throw new InvalidArgumentException("stdio \"" + stdio.stdout() + "\": " + e.getMessage(), e);
    }
  }

  private static ContainerLog of(URI uri, Path path) {
    Stdin stdin = Stdin.NONE;
    String journal = "";
    String query = uri.getQuery() == null ? "" : uri.getQuery();
    for (String part : query.isEmpty() ? new String[0] : query.split("&", -1)) {
      if (part.startsWith(JOURNAL) && part.length() > JOURNAL.length()) {
        journal = URLDecoder.decode(part.substring(JOURNAL.length()), StandardCharsets.UTF_8);
      } else {
        stdin =
            switch (part) {
              case "stdin=once" -> Stdin.ONCE;
              case "stdin=open" -> Stdin.OPEN;
              default ->
                  throw new InvalidArgumentException(
                      "stdio \"" + uri + "\": not stdin=once, stdin=open or journal=TAG");
            };
      }
    }
    return new ContainerLog(path, stdin, journal);
  }

  List<String> arguments(boolean terminal) {
    var arguments = new ArrayList<>(List.of("--full-attach", "--log-path", "k8s-file:" + path));
    if (!journal.isEmpty()) {
      arguments.addAll(List.of("--log-path", "journald", "--log-tag", journal));
    }
    if (terminal) {
      arguments.add("--terminal");
    }
    if (stdin != Stdin.NONE) {
      arguments.add("--stdin");
    }
    if (stdin == Stdin.OPEN) {
      arguments.add("--leave-stdin-open");
    }
    return arguments;
  }

  /**
   * Has conmon open the log's file anew, and waits until a file of that name is there. False if no
   * conmon listens any more.
   *
   * @throws UnavailableException if conmon does not open it in that time
   */
  boolean reopen(Path bundle, Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    if (!tell(bundle, REOPEN + " 0 0\n")) {
      return false;
    }
    while (!Files.exists(path)) {
      if (System.nanoTime() > end) {
        throw new UnavailableException("log " + path + ": not opened anew");
      }
      Thread.sleep(POLL);
    }
    return true;
  }

  static boolean resize(Path bundle, Terminal.Size size) {
    return tell(bundle, RESIZE + " " + size.rows() + " " + size.columns() + "\n");
  }

  private static boolean tell(Path bundle, String message) {
    try (Fd control =
        PathCalls.open(
            bundle.resolve("ctl"), OpenFlags.WRONLY | OpenFlags.NONBLOCK | OpenFlags.NOFOLLOW, 0)) {
      FileIo.writeFully(control, message.getBytes(StandardCharsets.US_ASCII));
      return true;
    } catch (ErrnoException e) {
      if (e.is(Errno.ENXIO) || e.is(Errno.ENOENT) || e.is(Errno.EPIPE)) {
        return false;
      }
      throw e;
    }
  }
}
