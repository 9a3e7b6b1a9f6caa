package dev.carafe.spi.snapshots;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Turns an active snapshot into a committed one.
 *
 * @param key the active snapshot; gone afterwards
 * @param name the committed snapshot's key
 * @param parent set only by callers that prepared without a parent, for snapshotters with {@link
 *     Capability#REBASE}
 * @param labels the committed snapshot's labels; those of the active one are not inherited
 */
public record CommitRequest(
    SnapshotKey key, SnapshotKey name, @Nullable SnapshotKey parent, Map<String, String> labels) {
  public CommitRequest {
    labels = Map.copyOf(labels);
  }
}
