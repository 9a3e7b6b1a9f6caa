package dev.carafe.spi.logs;

import java.nio.charset.StandardCharsets;

/** A place that a container's monitor itself can write to. */
public sealed interface LogDestination {
  /**
   * The journal of systemd.
   *
   * @param tag the entries' field {@code CONTAINER_TAG}: 1 to 512 bytes without control characters
   */
  record Journal(String tag) implements LogDestination {
    private static final int LONGEST = 512;

    public Journal {
      if (tag.isEmpty()
          || tag.getBytes(StandardCharsets.UTF_8).length > LONGEST
          || tag.chars().anyMatch(Character::isISOControl)) {
        throw new IllegalArgumentException(
            "a journal's tag has 1 to " + LONGEST + " bytes and no control characters");
      }
    }
  }
}
