package dev.carafe.metadata;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.Description;
import java.time.Duration;

/** How metadata is kept: the table {@code [plugins."io.containerd.metadata.v1.bolt"]}. */
public record MetadataConfig(
    @Description(
            "Whether a blob that was pulled in one namespace is there for others without being sent"
                + " again: shared or isolated.")
        ContentSharing contentSharingPolicy,
    @Description("How long a partial download is kept that no lease holds.") Duration ingestLife,
    @Description(
            "Whether what back ends hold and the database does not know is garbage although the"
                + " database seems to be older than they are. For one start, after a restore that"
                + " is meant.")
        boolean trustDatabase,
    @Description(
            "How long a collection waits for a back end that removes nothing; then it ends without"
                + " it, and the back end goes on by itself.")
        Duration backendPatience) {
  public static final MetadataConfig DEFAULT =
      new MetadataConfig(
          ContentSharing.SHARED, Duration.ofHours(24), false, Duration.ofSeconds(10));

  public MetadataConfig {
    if (!ingestLife.isPositive()) {
      throw new InvalidArgumentException("ingest_life " + ingestLife + " is not positive");
    }
    if (!backendPatience.isPositive()) {
      throw new InvalidArgumentException(
          "backend_patience " + backendPatience + " is not positive");
    }
  }

  /** The same with another time to wait for back ends. */
  MetadataConfig withBackendPatience(Duration patience) {
    return new MetadataConfig(contentSharingPolicy, ingestLife, trustDatabase, patience);
  }
}
