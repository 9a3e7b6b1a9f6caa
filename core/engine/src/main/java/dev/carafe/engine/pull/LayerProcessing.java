package dev.carafe.engine.pull;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.diffs.LayerProcessor;
import dev.carafe.spi.errors.FailedPreconditionException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A layer on its way through the processors that take its media type, and then that of what came
 * out, until none does. A stream of what came out last; closing it ends them all.
 */
final class LayerProcessing extends InputStream {
  private static final Logger LOG = LoggerFactory.getLogger(LayerProcessing.class);

  /** More in a row is a circle. */
  private static final int MOST = 8;

  private final StallGuard source;
  private final Descriptor layer;
  private final Deque<InputStream> steps = new ArrayDeque<>();
  private InputStream last;
  private String mediaType;
  private volatile long consumed;
  private volatile @Nullable IOException failure;

  private LayerProcessing(Descriptor layer, StallGuard source) {
    this.layer = layer;
    this.source = source;
    this.last = source;
    this.mediaType = layer.mediaType();
  }

  /**
   * Begins to process a layer.
   *
   * @throws FailedPreconditionException if processors turn a media type into itself
   */
  static LayerProcessing of(
      Descriptor layer,
      StallGuard source,
      Collection<LayerProcessor> processors,
      Map<String, byte[]> payloads) {
    LayerProcessing processing = new LayerProcessing(layer, source);
    boolean begun = false;
    try {
      while (processing.step(processors, payloads)) {}
      begun = true;
      return processing;
    } finally {
      if (!begun) {
        processing.close();
      }
    }
  }

  private boolean step(Collection<LayerProcessor> processors, Map<String, byte[]> payloads) {
    for (LayerProcessor processor : processors) {
      Optional<String> returns = processor.returns(mediaType);
      if (returns.isPresent()) {
        if (steps.size() == MOST) {
          throw new FailedPreconditionException(
              "layer " + layer.digest() + ": more than " + MOST + " processors in a row");
        }
        last = processor.process(mediaType, payloads, last);
        steps.push(last);
        mediaType = returns.get();
        return true;
      }
    }
    return false;
  }

  /** What comes out; where that is not the layer itself, nobody knows its size. */
  Descriptor descriptor() {
    return steps.isEmpty()
        ? layer
        : new Descriptor(
            mediaType,
            layer.digest(),
            0,
            layer.annotations(),
            layer.platform(),
            layer.artifactType(),
            layer.urls());
  }

  /** Bytes that were taken of what comes out. */
  long consumed() {
    return consumed;
  }

  /** What a processor said when it failed, or null. */
  @Nullable IOException failure() {
    return failure;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    try {
      int read = last.read(bytes, offset, length);
      source.progress();
      if (read > 0) {
        consumed += read;
      }
      return read;
    } catch (InterruptedIOException e) {
      throw e;
    } catch (IOException e) {
      failure = steps.isEmpty() ? null : e;
      throw e;
    }
  }

  @Override
  public int available() throws IOException {
    return last.available();
  }

  /** The last first: what it reads from must be there until it reads no more. */
  @Override
  public void close() {
    while (!steps.isEmpty()) {
      try {
        steps.pop().close();
      } catch (IOException e) {
        LOG.warn("layer {}: processor: {}", layer.digest(), e.toString());
      }
    }
  }
}
