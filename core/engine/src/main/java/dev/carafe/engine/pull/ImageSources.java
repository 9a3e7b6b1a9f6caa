package dev.carafe.engine.pull;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.images.ImageLocation;
import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.images.ImageSource.Repository;
import dev.carafe.spi.images.SourceOptions;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** The sources that are running, by the transports of what they open. */
public final class ImageSources {
  private final Map<String, ImageSource> sources;

  /**
   * @param sources by id; may be a live view, in which the first one for a transport is taken
   * @throws FailedPreconditionException if two are for the same transport
   */
  public ImageSources(Map<String, ImageSource> sources) {
    this.sources = sources;
    Map<String, String> owners = new TreeMap<>();
    new TreeMap<>(sources)
        .forEach((id, source) -> {
          for (String transport : source.transports()) {
            String other = owners.putIfAbsent(transport, id);
            if (other != null) {
              throw new FailedPreconditionException(
                  "image sources "
                      + other
                      + " and "
                      + id
                      + ": both are for \""
                      + transport
                      + ":\"");
            }
          }
        });
  }

  /**
   * As {@link ImageSource#open}.
   *
   * @throws InvalidArgumentException if no source is for that transport
   */
  Repository open(ImageLocation location, SourceOptions options) {
    Set<String> transports = new TreeSet<>();
    for (ImageSource source : sources.values()) {
      if (source.transports().contains(location.transport())) {
        return source.open(location, options);
      }
      transports.addAll(source.transports());
    }
    throw new InvalidArgumentException(
        "image \""
            + location
            + "\": no source is for \""
            + location.transport()
            + ":\", there are "
            + transports);
  }
}
