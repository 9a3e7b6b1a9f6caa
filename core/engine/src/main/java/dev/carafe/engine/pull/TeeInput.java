package dev.carafe.engine.pull;

import dev.carafe.spi.content.ContentWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.function.LongConsumer;

/** Passes bytes on to a reader after writing them to an ingest. Closing it closes neither. */
final class TeeInput extends InputStream {
  private final InputStream in;
  private final ContentWriter writer;
  private final LongConsumer progress;
  private long count;

  TeeInput(InputStream in, ContentWriter writer, LongConsumer progress) {
    this.in = in;
    this.writer = writer;
    this.progress = progress;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    int read = in.read(bytes, offset, length);
    if (read > 0) {
      writer.write(ByteBuffer.wrap(bytes, offset, read));
      count += read;
      progress.accept(count);
    }
    return read;
  }

  /** Takes what the reader left, so that the ingest is whole. */
  void drain() throws IOException {
    byte[] rest = new byte[64 << 10];
    while (read(rest, 0, rest.length) >= 0) {
      continue;
    }
  }
}
