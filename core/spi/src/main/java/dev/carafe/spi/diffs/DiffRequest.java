package dev.carafe.spi.diffs;

import dev.carafe.spi.mounts.Mount;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Two directories to compare.
 *
 * @param lower mounts of the older; empty for nothing
 * @param upper mounts of the newer
 * @param mediaType of the archive to write; decides the compression
 * @param sourceDateEpoch newest time in the archive, or null for no bound (reproducible-builds.org,
 *     SOURCE_DATE_EPOCH)
 */
public record DiffRequest(
    List<Mount> lower, List<Mount> upper, String mediaType, @Nullable Instant sourceDateEpoch) {
  public DiffRequest {
    lower = List.copyOf(lower);
    upper = List.copyOf(upper);
  }
}
