package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.InflateException;
import dev.carafe.linux.StreamInflater;
import dev.carafe.spi.errors.DataLossException;
import java.nio.ByteBuffer;

/** Members of gzip, one after the other: layers that can be read in part have many. */
final class GzipDecoder implements Decoder {
  private final CompressedInput input;
  private final StreamInflater inflater = StreamInflater.open();

  GzipDecoder(CompressedInput input) {
    this.input = input;
  }

  @Override
  public boolean decode(ByteBuffer out) throws InterruptedException {
    try {
      while (out.hasRemaining()) {
        ByteBuffer piece = input.piece();
        int before = out.position();
        inflater.inflate(piece, out);
        if (!piece.hasRemaining() && out.position() == before && input.atEnd()) {
          inflater.checkFinished();
          return false;
        }
      }
      return true;
    } catch (InflateException e) {
      throw new DataLossException("damaged " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    inflater.close();
  }
}
