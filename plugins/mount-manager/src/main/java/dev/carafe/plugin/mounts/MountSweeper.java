package dev.carafe.plugin.mounts;

import dev.carafe.engine.stores.Activation;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.Stores;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.MountInfo;
import dev.carafe.linux.Mounter;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.NotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings mounts and records together: what has no record is unmounted, at the start and when
 * garbage collection has removed records; a record whose mounts a reboot took is removed at the
 * start.
 */
final class MountSweeper implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(MountSweeper.class);

  private final Metadata metadata;
  private final Path state;
  private final Mounter mounter;
  private final Set<String> beingMade = ConcurrentHashMap.newKeySet();
  private final Semaphore wanted = new Semaphore(0);
  private final Thread thread;

  MountSweeper(Metadata metadata, Path state, Mounter mounter) {
    this.metadata = metadata;
    this.state = state;
    this.mounter = mounter;
    this.thread = Thread.ofVirtual().name("mount-sweeper").unstarted(this::run);
  }

  void start() {
    forgetLost();
    sweep();
    metadata.collector().onMountsRemoved(wanted::release);
    thread.start();
  }

  /** From now on the directory is not left over although it has no record. */
  void begin(String directory) {
    beingMade.add(directory);
  }

  void end(String directory) {
    beingMade.remove(directory);
  }

  private void run() {
    try {
      while (true) {
        wanted.acquire();
        wanted.drainPermits();
        sweep();
      }
    } catch (InterruptedException e) {
      // The daemon stops.
    }
  }

  private void forgetLost() {
    Set<Path> mounted = new HashSet<>();
    MountInfo.forEach(mount -> mounted.add(Path.of(mount.mountPoint().toString())));
    for (Namespace namespace : metadata.namespaces().list()) {
      Stores stores = metadata.stores(namespace);
      for (Activation activation : stores.activations().list()) {
        if (!activation.active().stream().allMatch(active -> isThere(active, mounted))) {
          log.info("mount activation {} of {} is gone", activation.name(), namespace);
          forget(stores, activation.name());
        }
      }
    }
  }

  private static boolean isThere(Activation.Active active, Set<Path> mounted) {
    Path place = Path.of(active.mountPoint());
    try {
      return LoopLink.isLink(place) ? LoopLink.isAttached(place) : mounted.contains(place);
    } catch (IOException | ErrnoException e) {
      return false;
    }
  }

  private static void forget(Stores stores, String name) {
    try {
      stores.activations().delete(name);
    } catch (NotFoundException e) {
      // Collected meanwhile.
    }
  }

  private void sweep() {
    try {
      for (Path namespace : children(state)) {
        List<Path> candidates =
            children(namespace).stream()
                .filter(child -> !beingMade.contains(child.getFileName().toString()))
                .toList();
        Set<String> recorded = recorded(namespace.getFileName().toString());
        for (Path candidate : candidates) {
          if (!recorded.contains(candidate.getFileName().toString())) {
            unmount(candidate, null);
          }
        }
      }
    } catch (DaemonException | UncheckedIOException e) {
      log.warn("mounts are swept another time: {}", e.getMessage());
    }
  }

  private Set<String> recorded(String namespace) {
    return metadata.stores(new Namespace(namespace)).activations().list().stream()
        .map(Activation::directory)
        .collect(Collectors.toSet());
  }

  /** Unmounts everything below a directory and removes it. What fails is left to the sweeper. */
  void unmount(Path directory, @Nullable Throwable cause) {
    try {
      mounter.detachAll(directory);
      for (Path child : children(directory)) {
        if (LoopLink.isLink(child)) {
          LoopLink.detach(child);
        } else {
          mounter.detachAll(child);
          Files.deleteIfExists(child);
        }
      }
      Files.deleteIfExists(directory);
    } catch (IOException | UncheckedIOException | ErrnoException e) {
      if (cause != null) {
        cause.addSuppressed(e);
      }
      log.warn("{} stays mounted for now: {}", directory, e.getMessage());
    }
  }

  private static List<Path> children(Path directory) {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.sorted().toList();
    } catch (NotDirectoryException e) {
      return List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
