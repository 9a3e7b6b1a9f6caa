package dev.carafe.engine.pull;

import dev.carafe.spi.content.Platform;
import dev.carafe.spi.images.ImageLocation;
import dev.carafe.spi.images.SourceOptions;
import java.util.List;
import java.util.Map;

/**
 * What to pull.
 *
 * @param storeAs name of the image record
 * @param platforms to fetch; empty means all
 * @param allMetadata whether manifests and configurations of other platforms are fetched too,
 *     without their layers
 * @param manifestLimit how many manifests of an index are taken at most, those of the platforms
 *     first; 0 for all
 * @param unpacks what to unpack; empty means content only
 * @param labels of the image record
 */
public record PullRequest(
    ImageLocation location,
    String storeAs,
    SourceOptions source,
    List<Platform> platforms,
    boolean allMetadata,
    long manifestLimit,
    List<Unpack> unpacks,
    Map<String, String> labels) {
  public PullRequest {
    platforms = List.copyOf(platforms);
    unpacks = List.copyOf(unpacks);
    labels = Map.copyOf(labels);
  }

  /** Unpack the manifest of a platform into a snapshotter. */
  public record Unpack(Platform platform, String snapshotter) {}
}
