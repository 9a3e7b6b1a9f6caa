package dev.carafe.metadata;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.time.Duration;

/**
 * How metadata is kept.
 *
 * @param contentSharingPolicy whether a blob that was pulled in one namespace is there for others
 *     without being sent again: {@code shared} or {@code isolated}
 * @param ingestLife how long a partial download is kept that no lease holds
 * @param trustDatabase whether what back ends hold and the database does not know is garbage though
 *     the database seems to be older than they are: set it for one start after a restore that is
 *     meant, and take it out again
 */
public record MetadataConfig(
    ContentSharing contentSharingPolicy, Duration ingestLife, boolean trustDatabase) {
  public static final MetadataConfig DEFAULT =
      new MetadataConfig(ContentSharing.SHARED, Duration.ofHours(24), false);

  public MetadataConfig {
    if (!ingestLife.isPositive()) {
      throw new InvalidArgumentException("ingest_life " + ingestLife + " is not positive");
    }
  }
}
