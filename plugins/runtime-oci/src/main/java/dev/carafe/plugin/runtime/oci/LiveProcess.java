package dev.carafe.plugin.runtime.oci;

import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.EventLoop;
import dev.carafe.linux.Fd;
import dev.carafe.linux.ProcessCalls;
import dev.carafe.linux.Signals;
import dev.carafe.linux.Terminal;
import dev.carafe.plugin.runtime.oci.BundleLayout.ProcessFiles;
import dev.carafe.plugin.runtime.oci.TaskState.ProcessState;
import dev.carafe.spi.resources.ResourceGroup;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process while this daemon lives: waits for its end, and holds its terminal meanwhile.
 *
 * <p>The exit code is in the file that conmon leaves before it ends; so the end of conmon is the
 * event to wait for. If conmon was killed the process itself is waited for, and nobody knows its
 * code.
 */
final class LiveProcess {
  private static final Logger LOG = LoggerFactory.getLogger(LiveProcess.class);
  private static final int KILLED = 128 + Signals.SIGKILL;
  private static final int LAST_CODE = 255;

  /** What conmon may take from the end of its process to its own. */
  private static final Duration MONITOR_GRACE = Duration.ofSeconds(10);

  /**
   * Clients stop reading a terminal when they hear of its process's end: what it printed last may
   * take this long until it is in their FIFO. Whoever does not read, or holds the terminal on, is
   * not waited for any longer.
   */
  private static final Duration LAST_OUTPUT = Duration.ofMillis(500);

  private final EventLoop loop;
  private final CompletableFuture<ExitStatus> exit = new CompletableFuture<>();
  private @Nullable Fd terminal;
  private boolean stdinClosed;
  private Terminal.@Nullable Size size;
  private volatile boolean killed;

  LiveProcess(EventLoop loop) {
    this.loop = loop;
  }

  /** Completes with how it ended; cancelled when the daemon stops watching. */
  CompletableFuture<ExitStatus> exit() {
    return exit;
  }

  /** A client kills it: that is no kill for want of memory. */
  void killed() {
    killed = true;
  }

  /** Takes over the controlling end of its terminal, if it has one. */
  synchronized void hold(@Nullable Fd terminal) {
    this.terminal = terminal;
    if (terminal != null && size != null) {
      Terminal.setSize(terminal, size);
    }
  }

  /** Remembers that stdin ends with the client; returns whether that is news. */
  synchronized boolean closeStdin() {
    boolean first = !stdinClosed;
    stdinClosed = true;
    return first;
  }

  synchronized boolean isStdinClosed() {
    return stdinClosed;
  }

  /** Sets the terminal's size, now or when there is one. */
  synchronized void resize(Terminal.Size wanted) {
    size = wanted;
    if (terminal != null) {
      Terminal.setSize(terminal, wanted);
    }
  }

  synchronized Optional<Terminal.Size> size() {
    return Optional.ofNullable(size);
  }

  /** Closes what was held; the process goes on. */
  synchronized void close() {
    if (terminal != null) {
      terminal.close();
      terminal = null;
    }
  }

  /** Begins to wait for the end of a process that was set up, be it over already. */
  void watch(ProcessState process, ProcessFiles files, ResourceGroup cgroup, String containerId) {
    new Watch(process, files, cgroup, files.exits().resolve(containerId)).begin();
  }

  private final class Watch {
    private final ProcessState process;
    private final ProcessFiles files;
    private final ResourceGroup cgroup;
    private final Path exitFile;
    private final long killsAbove;
    private final CompletableFuture<Instant> processEnd = new CompletableFuture<>();

    Watch(ProcessState process, ProcessFiles files, ResourceGroup cgroup, Path exitFile) {
      this.process = process;
      this.files = files;
      this.cgroup = cgroup;
      this.exitFile = exitFile;
      this.killsAbove = cgroup.oomKillsAbove();
    }

    void begin() {
      Optional<Fd> own = process.process().open();
      Optional<Fd> monitor = process.monitor().open();
      if (own.isPresent()) {
        whenEnded(own.get(), () -> processEnd.complete(Instant.now()));
        processEnd.thenRun(this::hurryMonitor);
      } else {
        processEnd.complete(Instant.now());
      }
      if (monitor.isPresent()) {
        whenEnded(monitor.get(), this::monitorEnded);
      } else {
        monitorEnded();
      }
    }

    private void whenEnded(Fd pidfd, Runnable then) {
      loop.ended(pidfd)
          .whenComplete((_, failure) -> {
            pidfd.close();
            if (failure == null) {
              then.run();
            } else {
              exit.cancel(false);
            }
          });
    }

    /** A monitor that has lost its process and does not end would keep the exit from everybody. */
    private void hurryMonitor() {
      CompletableFuture.delayedExecutor(MONITOR_GRACE.toMillis(), TimeUnit.MILLISECONDS)
          .execute(() -> {
            if (!exit.isDone() && process.monitor().signal(Signals.SIGKILL)) {
              LOG.warn("conmon {}: stuck after the end of its process", process.monitor());
            }
          });
    }

    private void monitorEnded() {
      ExitStatus status = read();
      if (status != null) {
        complete(status);
      } else {
        processEnd.thenAccept(at -> complete(status(ExitStatus.UNKNOWN_CODE, at)));
      }
    }

    private @Nullable ExitStatus read() {
      try {
        String text = Files.readString(exitFile).trim();
        int code = Integer.parseInt(text);
        Instant at = Files.getLastModifiedTime(exitFile).toInstant();
        return status(code < 0 || code > LAST_CODE ? ExitStatus.UNKNOWN_CODE : code, at);
      } catch (IOException | NumberFormatException _) {
        return null;
      }
    }

    /**
     * Out of memory by the kernel's own count, which does not depend on who noticed in time. Of an
     * exec only where it was killed itself. The file is conmon's word for a cgroup that is gone.
     */
    private ExitStatus status(int code, Instant at) {
      boolean killedHere = cgroup.oomKills() > process.oomKills();
      boolean oom =
          process.isInit()
              ? killedHere
                  || (!cgroup.exists() && (Files.exists(files.oom()) || killedInScope(code)))
              : killedHere && code == KILLED;
      return new ExitStatus(code, at, oom);
    }

    /** For a scope that went before anybody, conmon included, read its count. */
    private boolean killedInScope(int code) {
      return code == KILLED && !killed && cgroup.oomKillsAbove() > killsAbove;
    }

    private void complete(ExitStatus status) {
      close();
      process.feeder().signal(Signals.SIGKILL);
      boolean copied = process.stdio().terminal() && !process.sinks().isEmpty();
      Optional<Fd> output = copied ? process.sinks().getFirst().open() : Optional.empty();
      if (output.isEmpty()) {
        exit.complete(status);
        return;
      }
      Fd copying = output.get();
      loop.ended(copying)
          .completeOnTimeout(0, LAST_OUTPUT.toMillis(), TimeUnit.MILLISECONDS)
          .whenCompleteAsync(
              (_, failure) -> {
                copying.close();
                if (failure == null) {
                  exit.complete(status);
                } else {
                  exit.cancel(false);
                }
              },
              Thread::startVirtualThread);
    }
  }

  /** The controlling end of a terminal that a helper of an earlier daemon's copies from. */
  static @Nullable Fd borrowTerminal(ProcessState process) {
    if (!process.stdio().terminal() || process.sinks().isEmpty()) {
      return null;
    }
    Optional<Fd> pidfd = process.sinks().getFirst().open();
    if (pidfd.isEmpty()) {
      return null;
    }
    try (Fd sink = pidfd.get()) {
      return ProcessCalls.pidfdGetfd(sink, 0);
    } catch (ErrnoException e) {
      if (e.is(Errno.ESRCH) || e.is(Errno.EBADF)) {
        return null;
      }
      throw e;
    }
  }
}
