package dev.carafe.spi.events;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.time.Instant;
import java.util.regex.Pattern;

/**
 * An event on the bus.
 *
 * @param namespace may be empty for events of no namespace
 * @param topic {@code /} and one or more identifiers, for example {@code /tasks/exit}
 */
public record Envelope(Instant timestamp, String namespace, String topic, Event event) {
  private static final Pattern TOPIC =
      Pattern.compile("(/[A-Za-z0-9]++(?:[._-][A-Za-z0-9]++)*+)++");

  public Envelope {
    if (topic.length() > 1024 || !TOPIC.matcher(topic).matches()) {
      throw new InvalidArgumentException(
          "topic \"" + topic + "\": must be /COMPONENT[/COMPONENT...] of identifiers");
    }
  }
}
