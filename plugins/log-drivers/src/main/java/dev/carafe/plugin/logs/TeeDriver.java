package dev.carafe.plugin.logs;

import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.logs.LogDriver;
import dev.carafe.spi.logs.LogLine;
import dev.carafe.spi.logs.LoggedContainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Copies of containers' logs, in the same format, each in a file of its own. */
final class TeeDriver implements LogDriver {
  private final TeeConfig config;
  private final Map<String, LogCopy> copies = new ConcurrentHashMap<>();

  TeeDriver(TeeConfig config) {
    this.config = config;
  }

  @Override
  public boolean follows() {
    return true;
  }

  @Override
  public void write(LoggedContainer container, long first, List<LogLine> lines) {
    LogCopy copy =
        copies.computeIfAbsent(
            container.id(),
            _ -> new LogCopy(file(container), config.maxFileSize(), config.maxFiles()));
    try {
      copy.add(first, lines);
    } catch (IOException e) {
      copies.remove(container.id(), copy);
      throw new UnavailableException("copy of a log: " + e, e);
    }
  }

  @Override
  public void end(LoggedContainer container) {
    LogCopy copy = copies.remove(container.id());
    if (copy != null) {
      copy.end();
    }
  }

  /** Where the copy of a container's log is. */
  Path file(LoggedContainer container) {
    return config
        .directory()
        .resolve(FileNames.safe(container.podNamespace()))
        .resolve(FileNames.safe(container.podUid()))
        .resolve(
            FileNames.safe(container.name())
                + "-"
                + Integer.toUnsignedString(container.attempt())
                + "-"
                + FileNames.safe(container.id())
                + ".log");
  }
}
