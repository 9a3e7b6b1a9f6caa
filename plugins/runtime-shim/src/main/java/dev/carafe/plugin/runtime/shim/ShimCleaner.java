package dev.carafe.plugin.runtime.shim;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.carafe.api.task.v3.DeleteResponse;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Mounter;
import dev.carafe.linux.Signals;
import dev.carafe.linux.TreeRemover;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.errors.UnknownException;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.TaskLocation;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes tasks down: those that ended, those whose shim died, and what a creation left. Every step
 * may be repeated. A shim that serves others is left to them.
 */
final class ShimCleaner {
  private static final Logger LOG = LoggerFactory.getLogger(ShimCleaner.class);
  private static final Duration STEP = Duration.ofSeconds(5);

  private final ShimRuntimeConfig config;
  private final ShimProgram programs;
  private final Path work;
  private final Mounter mounter;

  ShimCleaner(ShimRuntimeConfig config, ShimProgram programs, Path work, Mounter mounter) {
    this.config = config;
    this.programs = programs;
    this.work = work;
    this.mounter = mounter;
  }

  Path workDirectory(TaskLocation location) {
    return work.resolve(location.namespace()).resolve(location.id());
  }

  /**
   * Cleans up after a shim that is not there, or that does not know the task any more. Never fails:
   * what cannot be cleaned up is logged.
   *
   * @return how the task ended: as the bundle says, or as the shim's program does, or unknown
   */
  ExitStatus afterDeath(ShimState state) {
    Bundle bundle = Bundle.of(state.location());
    ShimState.Exit known = ShimState.read(bundle.exit(), ShimState.Exit.class);
    ShimState.Exit exit = known;
    try {
      if (!state.borrowed() && !usedByOthers(bundle, state.bootstrap())) {
        state.process().signal(Signals.SIGKILL);
        state.process().awaitEnd(STEP);
        removeSocket(state.bootstrap());
      }
      ShimState.Exit told =
          delete(bundle, state.namespace(), state.id(), Path.of(state.program()), state.pid());
      if (exit == null) {
        exit = told;
      }
      unmount(bundle);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.error("task {}: cleaning up after its shim: {}", state.location(), e.getMessage());
    }
    if (exit == null) {
      exit = new ShimState.Exit(ExitStatus.UNKNOWN_CODE, state.pid(), Instant.now().toString());
    }
    if (known == null && bundle.exists()) {
      bundle.write(bundle.exit(), ShimState.bytes(exit));
    }
    return new ExitStatus(exit.code(), exit.at(), false);
  }

  /** Has the shim's program clean up; null if it cannot. */
  private ShimState.@Nullable Exit delete(
      Bundle bundle, String namespace, String id, Path program, long pid)
      throws InterruptedException {
    try {
      byte[] answer =
          programs.run(
              new ShimProgram.Run(
                  program,
                  namespace,
                  id,
                  bundle,
                  "delete",
                  List.of("-bundle", bundle.directory().toString()),
                  new byte[0],
                  config.cleanupTimeout()));
      DeleteResponse response = DeleteResponse.parseFrom(answer);
      Instant at =
          response.hasExitedAt() ? ShimTask.instant(response.getExitedAt()) : Instant.now();
      return new ShimState.Exit(
          response.getExitStatus(),
          response.getPid() == 0 ? pid : Integer.toUnsignedLong(response.getPid()),
          at.toString());
    } catch (InvalidProtocolBufferException e) {
      LOG.warn("task {}/{}: {} delete: answer cannot be read", namespace, id, program);
    } catch (DaemonException e) {
      LOG.warn("task {}/{}: {}", namespace, id, e.getMessage());
    }
    return null;
  }

  /**
   * Ends the shim of a task that it has deleted.
   *
   * @param last whether it serves no other task as far as is known
   */
  void shutDown(ShimTask task, boolean last) throws InterruptedException {
    ShimState state = task.state();
    if (state.borrowed()) {
      task.close();
      removeTraces(state.location());
      return;
    }
    task.expectEnd();
    try {
      task.call(client -> {
        client.shutdown();
        return null;
      });
    } catch (ShimGoneException _) {
      // It was faster.
    } catch (DaemonException e) {
      LOG.warn("task {}: shim does not shut down: {}", state.location(), e.getMessage());
    }
    task.close();
    if (last && state.process().isKnown()) {
      if (state.process().awaitEnd(config.shutdownTimeout())) {
        removeSocket(state.bootstrap());
      } else {
        LOG.warn("task {}: shim {} goes on", state.location(), state.process().pid());
      }
    }
    removeTraces(state.location());
  }

  /** What the shim leaves when it is done: the mount point, and its own directory. */
  void removeTraces(TaskLocation location) throws InterruptedException {
    unmount(Bundle.of(location));
    Path directory = workDirectory(location);
    try {
      if (Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
        TreeRemover.remove(directory);
      }
      Files.deleteIfExists(Bundle.of(location).work());
    } catch (IOException | ErrnoException e) {
      LOG.warn("task {}: {}: {}", location, directory, e.getMessage());
    }
  }

  private void unmount(Bundle bundle) throws InterruptedException {
    Path rootfs = bundle.rootfs();
    if (!Files.exists(rootfs, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!ShimProcess.until(STEP, () -> unmounted(rootfs))) {
      LOG.warn("root file system {}: still in use, detached", rootfs);
      mounter.detachAll(rootfs);
    }
    try {
      bundle.removeRootfs();
    } catch (IOException e) {
      LOG.warn("root file system {}: kept: {}", rootfs, e.getMessage());
    }
  }

  private boolean unmounted(Path rootfs) {
    try {
      mounter.unmountAll(rootfs);
      return true;
    } catch (ErrnoException e) {
      if (e.is(dev.carafe.linux.Errno.EBUSY)) {
        return false;
      }
      throw e;
    }
  }

  /** Undoes a creation, as far as it came. */
  void discard(TaskLocation location) throws InterruptedException {
    Bundle bundle = Bundle.of(location);
    ShimState.Intent intent = ShimState.read(bundle.intent(), ShimState.Intent.class);
    if (intent != null) {
      Bootstrap bootstrap = ShimState.read(bundle.bootstrap(), Bootstrap.class);
      boolean answered = bootstrap != null && deleteInShim(location, bootstrap, intent.borrowed());
      delete(bundle, location.namespace(), location.id(), Path.of(intent.program()), 0);
      if (!intent.borrowed()
          && (!answered || bootstrap == null || !usedByOthers(bundle, bootstrap))) {
        endShims(location, bundle, bootstrap);
      }
    }
    removeTraces(location);
  }

  /**
   * Removes what a sandbox's shim left; one that was told to end has some time to do so.
   *
   * @throws UnavailableException if something of it cannot be ended
   */
  void endSandbox(TaskLocation location, Duration limit) throws InterruptedException {
    Bundle bundle = Bundle.of(location);
    SandboxRecord record =
        ShimState.read(bundle.directory().resolve(SandboxRecord.FILE), SandboxRecord.class);
    if (record != null) {
      boolean ended =
          ShimProcess.until(limit, () -> ShimProcess.withVariable(bundle.tag()).isEmpty());
      if (!ended || record.exit() != null) {
        delete(bundle, location.namespace(), location.id(), Path.of(record.program()), 0);
      }
      endShims(location, bundle, record.bootstrap());
    }
    removeTraces(location);
  }

  /** Whether the shim answered. */
  private boolean deleteInShim(TaskLocation location, Bootstrap bootstrap, boolean borrowed)
      throws InterruptedException {
    try (ShimConnection connection =
        ShimConnection.open(bootstrap, location.namespace(), config.cleanupTimeout())) {
      var client = new TaskClient(connection, bootstrap.version(), location.id(), config);
      try {
        client.kill("", Signals.SIGKILL, true);
      } catch (NotFoundException | UnknownException _) {
        // It has no such task, or not yet a process.
      }
      try {
        client.delete("", config.cleanupTimeout());
      } catch (NotFoundException | UnknownException e) {
        LOG.debug("task {}: {}", location, e.getMessage());
      }
      if (!borrowed) {
        client.shutdown();
      }
      return true;
    } catch (DaemonException | ShimGoneException e) {
      LOG.info("task {}: its shim: {}", location, e.getMessage());
      return false;
    }
  }

  /** Ends what was started for the bundle, once it has had time to end by itself. */
  private void endShims(TaskLocation location, Bundle bundle, @Nullable Bootstrap bootstrap)
      throws InterruptedException {
    if (bootstrap != null && usedByOthers(bundle, bootstrap)) {
      return;
    }
    Predicate<Duration> gone =
        limit -> {
          try {
            return ShimProcess.until(limit, () -> ShimProcess.withVariable(bundle.tag()).isEmpty());
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
          }
        };
    if (gone.test(Duration.ofMillis(500))) {
      return;
    }
    ShimProcess.withVariable(bundle.tag()).forEach(process -> process.signal(Signals.SIGKILL));
    if (!gone.test(STEP)) {
      throw new UnavailableException("task " + location + ": its shim does not end");
    }
    if (bootstrap != null) {
      removeSocket(bootstrap);
    }
  }

  /** Whether another bundle of the namespace names the same socket, known to this daemon or not. */
  private static boolean usedByOthers(Bundle bundle, Bootstrap bootstrap) {
    Path namespace = bundle.directory().getParent();
    if (namespace == null) {
      return false;
    }
    try (DirectoryStream<Path> others = Files.newDirectoryStream(namespace)) {
      for (Path other : others) {
        Bootstrap theirs = ShimState.read(new Bundle(other).bootstrap(), Bootstrap.class);
        if (!other.equals(bundle.directory())
            && theirs != null
            && theirs.address().equals(bootstrap.address())) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      LOG.warn("bundles {}: {}", namespace, e.getMessage());
      return true;
    }
  }

  /** The socket's file, which a shim that was killed leaves. */
  private static void removeSocket(Bootstrap bootstrap) {
    Path socket = bootstrap.socket();
    try {
      int mode = (Integer) Files.getAttribute(socket, "unix:mode", LinkOption.NOFOLLOW_LINKS);
      if ((mode & 0170000) == 0140000) {
        Files.deleteIfExists(socket);
      }
    } catch (IOException _) {
      // There is none.
    }
  }
}
