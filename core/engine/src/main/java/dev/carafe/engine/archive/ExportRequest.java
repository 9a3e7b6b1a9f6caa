package dev.carafe.engine.archive;

import dev.carafe.spi.content.Platform;
import java.util.List;

/**
 * What to put into an archive.
 *
 * @param images names of image records
 * @param platforms of indexes, best first; empty means this machine's
 * @param allPlatforms whether the others of an index go in, too
 * @param compatible whether tools that know only Docker's format find the images
 * @param skipNonDistributable whether layers that may not be passed on are left out
 */
public record ExportRequest(
    List<String> images,
    List<Platform> platforms,
    boolean allPlatforms,
    boolean compatible,
    boolean skipNonDistributable) {
  public ExportRequest {
    images = List.copyOf(images);
    platforms = List.copyOf(platforms);
  }
}
