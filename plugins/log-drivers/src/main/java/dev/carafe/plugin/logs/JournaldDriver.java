package dev.carafe.plugin.logs;

import dev.carafe.spi.logs.LogDestination;
import dev.carafe.spi.logs.LogDriver;
import dev.carafe.spi.logs.LoggedContainer;
import java.util.List;

/**
 * Systemd's journal, to which the container's monitor writes. Entries have {@code CONTAINER_ID},
 * {@code CONTAINER_ID_FULL}, {@code CONTAINER_NAME} (the id again), {@code CONTAINER_TAG} and
 * {@code SYSLOG_IDENTIFIER} ({@code NAMESPACE/POD/CONTAINER}) and {@code PRIORITY}, 3 for standard
 * error and 6 for output.
 */
final class JournaldDriver implements LogDriver {
  private static final int LONGEST_TAG = 512;

  @Override
  public List<LogDestination> destinations(LoggedContainer container) {
    String tag =
        FileNames.safe(container.podNamespace())
            + "/"
            + FileNames.safe(container.podName())
            + "/"
            + FileNames.safe(container.name());
    return List.of(
        new LogDestination.Journal(tag.substring(0, Math.min(LONGEST_TAG, tag.length()))));
  }
}
