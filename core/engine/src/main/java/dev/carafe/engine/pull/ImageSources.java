package dev.carafe.engine.pull;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.images.ImageLocation;
import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.images.ImageSource.Repository;
import dev.carafe.spi.images.SourceOptions;
import java.util.Map;
import java.util.TreeMap;

/** The sources that are running, by the transports of what they open. */
public final class ImageSources {
  private final Map<String, ImageSource> byTransport = new TreeMap<>();

  /**
   * @param sources by id
   * @throws FailedPreconditionException if two are for the same transport
   */
  public ImageSources(Map<String, ImageSource> sources) {
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
            byTransport.put(transport, source);
          }
        });
  }

  /**
   * As {@link ImageSource#open}.
   *
   * @throws InvalidArgumentException if no source is for that transport
   */
  Repository open(ImageLocation location, SourceOptions options) {
    ImageSource source = byTransport.get(location.transport());
    if (source == null) {
      throw new InvalidArgumentException(
          "image \""
              + location
              + "\": no source is for \""
              + location.transport()
              + ":\", there are "
              + byTransport.keySet());
    }
    return source.open(location, options);
  }
}
