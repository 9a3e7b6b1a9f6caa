package dev.carafe.plugin.diff.tar;

import dev.carafe.spi.errors.DataLossException;
import java.nio.ByteBuffer;

/** Unpacks a layer. For one thread. */
interface Decoder extends AutoCloseable {
  /**
   * Fills {@code out}; false if the layer ended before that.
   *
   * @throws DataLossException if it is damaged or ends too early
   */
  boolean decode(ByteBuffer out) throws InterruptedException;

  @Override
  default void close() {}

  /** A layer that is not packed. */
  static Decoder plain(CompressedInput input) {
    return out -> {
      while (out.hasRemaining()) {
        ByteBuffer piece = input.piece();
        if (!piece.hasRemaining()) {
          return false;
        }
        int length = Math.min(piece.remaining(), out.remaining());
        out.put(out.position(), piece, piece.position(), length);
        out.position(out.position() + length);
        piece.position(piece.position() + length);
      }
      return true;
    };
  }
}
