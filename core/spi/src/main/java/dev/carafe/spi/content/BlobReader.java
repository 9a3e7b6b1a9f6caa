package dev.carafe.spi.content;

import dev.carafe.spi.errors.ResourceExhaustedException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;

/**
 * An open blob, readable at any offset and by several threads. Stays readable after a delete until
 * closed.
 */
public interface BlobReader extends AutoCloseable {
  /** Bytes. */
  long size();

  /**
   * Reads at {@code offset}, as much as fits and is there.
   *
   * @return bytes read, or -1 at or past the end
   * @throws UncheckedIOException if the medium fails
   */
  int read(ByteBuffer target, long offset);

  @Override
  void close();

  /**
   * The whole blob.
   *
   * @throws ResourceExhaustedException if it is larger than {@code limit} bytes
   */
  default byte[] readAll(int limit) {
    if (size() > limit) {
      throw new ResourceExhaustedException(
          "blob of " + size() + " bytes is larger than the limit of " + limit);
    }
    byte[] bytes = new byte[(int) size()];
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      if (read(buffer, buffer.position()) < 0) {
        throw new UncheckedIOException(
            new EOFException("blob ends at " + buffer.position() + " of " + size()));
      }
    }
    return bytes;
  }

  /** A stream from {@code offset} on. Closing it does not close the reader. */
  default InputStream stream(long offset) {
    return new InputStream() {
      private long position = offset;

      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] bytes, int from, int length) throws IOException {
        if (length == 0) {
          return 0;
        }
        int read = BlobReader.this.read(ByteBuffer.wrap(bytes, from, length), position);
        if (read > 0) {
          position += read;
        }
        return read;
      }
    };
  }
}
