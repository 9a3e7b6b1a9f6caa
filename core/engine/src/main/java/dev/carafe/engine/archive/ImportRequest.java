package dev.carafe.engine.archive;

import dev.carafe.engine.pull.PullRequest;
import dev.carafe.spi.content.Platform;
import java.util.List;
import java.util.Map;

/**
 * What to do with an archive.
 *
 * @param indexName name for the archive's index as a whole, or empty for none
 * @param references names for its images
 * @param platforms to take; empty means all
 * @param unpacks what to unpack; empty means content only
 * @param labels of the image records
 * @param compress whether layers that are not compressed become so
 */
public record ImportRequest(
    String indexName,
    List<ImageReference> references,
    List<Platform> platforms,
    List<PullRequest.Unpack> unpacks,
    Map<String, String> labels,
    boolean compress) {
  public ImportRequest {
    references = List.copyOf(references);
    platforms = List.copyOf(platforms);
    unpacks = List.copyOf(unpacks);
    labels = Map.copyOf(labels);
  }
}
