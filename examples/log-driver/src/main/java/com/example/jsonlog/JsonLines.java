package com.example.jsonlog;

import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.logs.LogDriver;
import dev.carafe.spi.logs.LogLine;
import dev.carafe.spi.logs.LoggedContainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * One file for each container, one JSON object for each line of it, for a collector to follow.
 *
 * <p>The daemon may bring lines again after a crash. Each has a number that never changes, and the
 * file has it, too: what is there already is left out, so that the file has every line once.
 */
final class JsonLines implements LogDriver {
  private final Path directory;

  /** The number of the next line that a container's file lacks. */
  private final Map<String, Long> next = new ConcurrentHashMap<>();

  JsonLines(Path directory) {
    this.directory = directory;
  }

  @Override
  public boolean follows() {
    return true;
  }

  /** Calls for one container come one at a time. */
  @Override
  public void write(LoggedContainer container, long first, List<LogLine> lines) {
    Path path = file(container);
    try {
      Long known = next.get(container.id());
      long from = known == null ? LineFile.repair(path) : known;
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < lines.size(); i++) {
        if (first + i >= from) {
          Json.line(text, first + i, lines.get(i));
        }
      }
      // Until this has gone well, the file must be read again to know what is in it.
      next.remove(container.id());
      LineFile.append(path, text);
      next.put(container.id(), Math.max(from, first + lines.size()));
    } catch (IOException e) {
      throw new UnavailableException("json-lines: " + e, e);
    }
  }

  @Override
  public void end(LoggedContainer container) {
    next.remove(container.id());
  }

  /** Names are what clients chose: nothing of them but letters, digits and hyphens gets into a path. */
  Path file(LoggedContainer container) {
    return directory.resolve(
        plain(container.podNamespace())
            + "_"
            + plain(container.podName())
            + "_"
            + plain(container.name())
            + "_"
            + plain(container.id())
            + ".jsonl");
  }

  private static String plain(String name) {
    String cut = name.length() > 50 ? name.substring(0, 50) : name;
    return cut.replaceAll("[^A-Za-z0-9-]", "-");
  }
}
