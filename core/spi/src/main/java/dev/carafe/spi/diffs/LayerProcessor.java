package dev.carafe.spi.diffs;

import dev.carafe.spi.plugins.Direct;
import java.io.InputStream;
import java.util.Map;
import java.util.Optional;

/**
 * Turns layers of some media types into layers of others before a {@link Differ} applies them:
 * decrypts them, or unpacks what no differ can. Asked again for what came out, until it takes it no
 * more.
 *
 * <p>The daemon guarantees: what {@link #process} returned is closed, read to its end or not.
 *
 * <p>You guarantee: many layers at once; the end of what you return says that all went well.
 */
public interface LayerProcessor {
  /** The media type that comes out of {@code mediaType}; empty if it is none of this one's. */
  @Direct
  Optional<String> returns(String mediaType);

  /**
   * Begins to process a layer. Returns at once; the work is done while the result is read.
   *
   * @param payloads what the caller has for processors, serialised {@code google.protobuf.Any} by
   *     the processor's id
   * @param layer read from another thread, until what is returned is closed
   * @return the bytes that come out; a read fails where the processing failed, and says why. {@code
   *     close} ends the processing, whatever it is at, and returns when {@code layer} is read no
   *     more
   */
  InputStream process(String mediaType, Map<String, byte[]> payloads, InputStream layer);
}
