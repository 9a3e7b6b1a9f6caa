package dev.carafe.engine.pull;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.diffs.AppliedLayer;
import dev.carafe.spi.diffs.ApplyRequest;
import dev.carafe.spi.diffs.Differ;
import dev.carafe.spi.diffs.LayerProcessor;
import dev.carafe.spi.diffs.Whiteouts;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.mounts.Mount;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;

/**
 * Applies archives: through the processors that take their media type, then with the first differ
 * that knows what came out; a bounded number at a time.
 */
public final class LayerApplier {
  private final List<Differ> differs;
  private final Collection<LayerProcessor> processors;
  private final PullConfig config;
  private final Semaphore unpacks;

  /**
   * An applier.
   *
   * @param differs in the order in which they are asked; may be a live view
   * @param processors may be a live view
   */
  public LayerApplier(
      List<Differ> differs, Collection<LayerProcessor> processors, PullConfig config) {
    this.differs = differs;
    this.processors = processors;
    this.config = config;
    this.unpacks = new Semaphore(config.maxConcurrentUnpacks(), true);
  }

  /**
   * Applies an archive.
   *
   * @param payloads what the caller has for processors, serialised {@code google.protobuf.Any} by
   *     the processor's id
   * @throws UnimplementedException if no differ knows the media type
   * @throws FailedPreconditionException if a processor fails; the message is what it said
   */
  public AppliedLayer apply(
      Descriptor layer,
      InputStream archive,
      List<Mount> mounts,
      Whiteouts whiteouts,
      boolean sync,
      Map<String, byte[]> payloads)
      throws InterruptedException {
    StallGuard guarded = new StallGuard(archive, layer, config.stall());
    unpacks.acquire();
    try (LayerProcessing processed = LayerProcessing.of(layer, guarded, processors, payloads)) {
      return guarded.watch(() -> apply(processed, mounts, whiteouts, sync));
    } finally {
      unpacks.release();
    }
  }

  private AppliedLayer apply(
      LayerProcessing archive, List<Mount> mounts, Whiteouts whiteouts, boolean sync) {
    Descriptor layer = archive.descriptor();
    ApplyRequest request = new ApplyRequest(layer, mounts, whiteouts, sync);
    for (Differ differ : differs) {
      try {
        return differ.apply(request, archive);
      } catch (UnimplementedException e) {
        if (archive.consumed() > 0) {
          throw e;
        }
      } catch (CancelledException e) {
        throw e;
      } catch (DaemonException e) {
        IOException failure = archive.failure();
        if (failure == null) {
          throw e;
        }
        throw new FailedPreconditionException(
            "layer " + layer.digest() + ": " + failure.getMessage(), e);
      }
    }
    throw new UnimplementedException(
        "layer " + layer.digest() + ": no differ for media type " + layer.mediaType());
  }
}
