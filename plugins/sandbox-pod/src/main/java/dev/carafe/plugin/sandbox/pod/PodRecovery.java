package dev.carafe.plugin.sandbox.pod;

import dev.carafe.linux.ErrnoException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.sandboxes.SandboxExit;
import dev.carafe.spi.sandboxes.SandboxKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the sandboxes of an earlier daemon. One without a record was never made or is half removed,
 * and goes; one that ought to have namespaces and has not is stopped.
 */
final class PodRecovery {
  private static final Logger log = LoggerFactory.getLogger(PodRecovery.class);

  private final PodLayout layout;
  private final Pins pins;
  private final Clock clock;

  PodRecovery(PodLayout layout, Pins pins, Clock clock) {
    this.layout = layout;
    this.pins = pins;
    this.clock = clock;
  }

  void run(BiConsumer<SandboxKey, Pod> found) {
    for (Path namespace : children(layout.state())) {
      for (Path sandbox : children(namespace)) {
        SandboxKey key =
            new SandboxKey(namespace.getFileName().toString(), sandbox.getFileName().toString());
        try {
          takeUp(key, found);
        } catch (IOException | DaemonException | UncheckedIOException | ErrnoException e) {
          log.warn("sandbox {} cannot be taken up: {}", key, e.toString());
        }
      }
    }
  }

  private void takeUp(SandboxKey key, BiConsumer<SandboxKey, Pod> found) throws IOException {
    if (!Files.exists(layout.record(key))) {
      remove(layout, pins, key);
      return;
    }
    PodRecord record = PodRecord.read(layout.record(key));
    if (record.exit() != null || !record.started()) {
      pins.release(layout.pins(key));
    } else if (!pins.areThere(layout.pins(key), record.namespaces())) {
      pins.release(layout.pins(key));
      record = record.ended(new SandboxExit(SandboxExit.UNKNOWN_CODE, clock.instant()));
      record.write(layout.record(key));
    }
    found.accept(key, new Pod(record));
  }

  /** Removes everything of a sandbox, its record first. Idempotent. */
  static void remove(PodLayout layout, Pins pins, SandboxKey key) {
    try {
      Files.deleteIfExists(layout.record(key));
      pins.release(layout.pins(key));
      for (PodNamespace namespace : PodNamespace.values()) {
        Files.deleteIfExists(layout.pin(key, namespace));
      }
      Files.deleteIfExists(layout.pins(key));
      Path record = layout.record(key);
      Files.deleteIfExists(record.resolveSibling(record.getFileName() + ".new"));
      Files.deleteIfExists(layout.sandbox(key));
    } catch (IOException e) {
      throw new UncheckedIOException("sandbox \"" + key.id() + "\"", e);
    }
  }

  private static List<Path> children(Path directory) {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.sorted().toList();
    } catch (NotDirectoryException e) {
      return List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
