package dev.carafe.engine.push;

import dev.carafe.spi.content.Platform;
import dev.carafe.spi.images.ImageName;
import dev.carafe.spi.images.SourceOptions;
import java.util.List;

/**
 * What to push.
 *
 * @param image name of the image record
 * @param name where it goes
 * @param platforms of an index; empty means all. One platform alone is pushed as an image of its
 *     own, without the index
 */
public record PushRequest(
    String image, ImageName name, SourceOptions destination, List<Platform> platforms) {
  public PushRequest {
    platforms = List.copyOf(platforms);
  }
}
