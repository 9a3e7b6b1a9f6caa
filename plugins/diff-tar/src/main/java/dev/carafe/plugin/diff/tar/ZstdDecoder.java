package dev.carafe.plugin.diff.tar;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import dev.carafe.spi.errors.DataLossException;
import java.nio.ByteBuffer;

/**
 * Frames of Zstandard, one after the other, skippable ones included (RFC 8878). A window beyond 128
 * MiB is refused by the library.
 */
final class ZstdDecoder implements Decoder {
  private static final ByteBuffer NOTHING = ByteBuffer.allocateDirect(0);

  private final CompressedInput input;
  private final ZstdDecompressCtx context = new ZstdDecompressCtx();
  private boolean betweenFrames = true;

  /** Only after {@link ZstdLibrary#load}. */
  ZstdDecoder(CompressedInput input) {
    this.input = input;
  }

  @Override
  public boolean decode(ByteBuffer out) throws InterruptedException {
    while (out.hasRemaining()) {
      ByteBuffer piece = input.piece();
      boolean ended = !piece.hasRemaining();
      if (ended && betweenFrames) {
        return false;
      }
      int before = out.position();
      step(out, ended ? NOTHING : piece);
      if (ended && !betweenFrames && out.position() == before) {
        throw new DataLossException("zstd: ends inside a frame");
      }
    }
    return true;
  }

  private void step(ByteBuffer out, ByteBuffer in) {
    try {
      betweenFrames = context.decompressDirectByteBufferStream(out, in);
    } catch (ZstdException e) {
      throw new DataLossException("zstd: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    context.close();
  }
}
