package dev.carafe.spi.content;

import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.plugins.Deadline;
import java.util.Collection;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** Looks after committed blobs. */
public interface ContentManager {
  /** Visits every blob, in no order. Changes made meanwhile may or may not be seen. */
  @Deadline(60)
  void forEachBlob(Consumer<BlobInfo> visitor);

  /**
   * Replaces the labels with what {@code change} makes of them, atomically.
   *
   * @throws NotFoundException if the blob is unknown
   * @throws UnimplementedException if the store keeps no labels; it then shows none
   */
  BlobInfo updateLabels(Digest digest, UnaryOperator<Map<String, String>> change);

  /**
   * Removes a blob. Open readers stay readable.
   *
   * @throws NotFoundException if the blob is unknown
   */
  @Deadline(60)
  void delete(Digest digest);

  /**
   * Removes blobs, as {@link #delete} does, and passes over those that are unknown. Worth
   * implementing where many cost less than each by itself.
   *
   * @throws RuntimeException if one could not be removed; of the others any may be gone
   */
  @Deadline(60)
  default void deleteAll(Collection<Digest> digests) {
    for (Digest digest : digests) {
      try {
        delete(digest);
      } catch (NotFoundException e) {
        // It is gone, as it should be.
      }
    }
  }
}
