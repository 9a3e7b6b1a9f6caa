package dev.carafe.engine.pull;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.diffs.AppliedLayer;
import dev.carafe.spi.diffs.ApplyRequest;
import dev.carafe.spi.diffs.Differ;
import dev.carafe.spi.diffs.Whiteouts;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.mounts.Mount;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.Semaphore;

/**
 * Applies archives with the first differ that knows their media type, a bounded number at a time.
 */
public final class LayerApplier {
  private final List<Differ> differs;
  private final PullConfig config;
  private final Semaphore unpacks;

  /**
   * An applier.
   *
   * @param differs in the order in which they are asked
   */
  public LayerApplier(List<Differ> differs, PullConfig config) {
    this.differs = List.copyOf(differs);
    this.config = config;
    this.unpacks = new Semaphore(config.maxConcurrentUnpacks(), true);
  }

  /**
   * Applies an archive.
   *
   * @throws UnimplementedException if no differ knows the media type
   */
  public AppliedLayer apply(
      Descriptor layer, InputStream archive, List<Mount> mounts, Whiteouts whiteouts, boolean sync)
      throws InterruptedException {
    StallGuard guarded = new StallGuard(archive, layer, config.stall());
    unpacks.acquire();
    try {
      for (Differ differ : differs) {
        try {
          return guarded.watch(
              () -> differ.apply(new ApplyRequest(layer, mounts, whiteouts, sync), guarded));
        } catch (UnimplementedException e) {
          if (guarded.consumed() > 0) {
            throw e;
          }
        }
      }
      throw new UnimplementedException(
          "layer " + layer.digest() + ": no differ for media type " + layer.mediaType());
    } finally {
      unpacks.release();
    }
  }
}
