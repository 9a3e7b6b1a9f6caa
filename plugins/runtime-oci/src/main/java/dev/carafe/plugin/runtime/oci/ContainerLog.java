package dev.carafe.plugin.runtime.oci;

import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileIo;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.Terminal;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.runtimes.CriLogTarget;
import dev.carafe.spi.runtimes.CriLogTarget.Input;
import dev.carafe.spi.runtimes.Stdio;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Output in the log format of CRI: conmon writes it itself, to systemd's journal, too, and lets
 * clients attach ({@code BUNDLE/attach}).
 */
record ContainerLog(CriLogTarget target) {
  /** What conmon's control FIFO understands. */
  private static final int RESIZE = 1;

  private static final int REOPEN = 2;
  private static final Duration POLL = Duration.ofMillis(2);

  /** What the names ask for; empty if they are anything else. */
  static Optional<ContainerLog> of(Stdio stdio) {
    return CriLogTarget.of(stdio).map(ContainerLog::new);
  }

  List<String> arguments(boolean terminal) {
    var arguments =
        new ArrayList<>(List.of("--full-attach", "--log-path", "k8s-file:" + target.path()));
    if (!target.journal().isEmpty()) {
      arguments.addAll(List.of("--log-path", "journald", "--log-tag", target.journal()));
    }
    if (terminal) {
      arguments.add("--terminal");
    }
    if (target.input() != Input.NONE) {
      arguments.add("--stdin");
    }
    if (target.input() == Input.OPEN) {
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
    while (!Files.exists(target.path())) {
      if (System.nanoTime() > end) {
        throw new UnavailableException("log " + target.path() + ": not opened anew");
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
