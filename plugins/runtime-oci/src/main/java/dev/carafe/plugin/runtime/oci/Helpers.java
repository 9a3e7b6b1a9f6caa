package dev.carafe.plugin.runtime.oci;

import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.EventLoop;
import dev.carafe.linux.Fd;
import dev.carafe.linux.ProcessCalls;
import dev.carafe.linux.Spawn;
import dev.carafe.linux.Spawned;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Small programs that carry bytes for a container without the daemon: {@code cat} and logging
 * binaries. Each leads a session of its own and lives as long as its input, whatever becomes of the
 * daemon; its environment names the bundle it works for, by which {@link #of} finds it again.
 */
final class Helpers {
  private static final Logger LOG = LoggerFactory.getLogger(Helpers.class);

  private final EventLoop loop;

  Helpers(EventLoop loop) {
    this.loop = loop;
  }

  /** The variable by which everything that was started for a bundle can be told. */
  static String tag(Path bundle) {
    return "CARAFE_BUNDLE=" + bundle;
  }

  /** The same for one process of the bundle, by its directory. */
  static String processTag(Path directory) {
    return "CARAFE_PROCESS=" + directory;
  }

  /** Everything that runs for a bundle: conmon, the OCI runtime, helpers. */
  static List<Pid> of(Path bundle) {
    return ProcessTree.withVariable(tag(bundle));
  }

  /** Starts a program and reaps it when it ends. */
  Pid start(Spawn program) {
    Spawned child = program.newSession().start();
    loop.exit(child.pidfd())
        .whenComplete((status, failure) -> {
          child.close();
          if (failure instanceof ErrnoException) {
            LOG.warn("helper {}: {}", child.pid(), failure.getMessage());
          }
        });
    return new Pid(child.pid(), child.startTime());
  }

  /** Copies from {@code in} to {@code out} until the end of {@code in}; holds {@code kept} open. */
  Pid cat(List<String> environment, Fd in, Fd out, Optional<Fd> kept) {
    Spawn cat =
        Spawn.of(Binaries.find("cat", "stdio helper").toString())
            .environment(environment)
            .descriptor(0, in)
            .descriptor(1, out);
    kept.ifPresent(fd -> cat.descriptor(3, fd));
    return start(cat);
  }

  /** Waits for the end of a process; returns whether it came in time. */
  boolean awaitEnd(Pid process, Duration limit) throws InterruptedException {
    Optional<Fd> pidfd = process.open();
    if (pidfd.isEmpty()) {
      return true;
    }
    try (Fd open = pidfd.get()) {
      return await(open, EventLoop.READABLE, limit);
    }
  }

  /** Reaps a child that ends in time; returns whether it did. */
  boolean awaitExit(Spawned child, Duration limit) throws InterruptedException {
    if (!await(child.pidfd(), EventLoop.READABLE, limit)) {
      return false;
    }
    try {
      return ProcessCalls.reap(child.pidfd()).isPresent();
    } catch (ErrnoException e) {
      if (e.is(Errno.ECHILD)) {
        return true;
      }
      throw e;
    }
  }

  /** Waits until a descriptor is ready; returns whether it was in time. */
  boolean await(Fd fd, int events, Duration limit) throws InterruptedException {
    var ready = loop.ready(fd, events);
    try {
      ready.get(Math.max(0, limit.toNanos()), TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException _) {
      return false;
    } catch (ExecutionException e) {
      throw new CompletionException(e.getCause());
    } finally {
      ready.cancel(false);
    }
  }
}
