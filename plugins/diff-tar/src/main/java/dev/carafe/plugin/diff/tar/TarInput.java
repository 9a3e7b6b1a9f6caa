package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.Fd;
import dev.carafe.linux.FileIo;
import dev.carafe.spi.errors.DataLossException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The uncompressed archive as a stream of blocks and bodies. For one thread. */
final class TarInput {
  static final int BLOCK = 512;

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final Handoff<Chunk> chunks;
  private @Nullable Chunk chunk;
  private ByteBuffer bytes = NOTHING;
  private long offset;

  TarInput(Handoff<Chunk> chunks) {
    this.chunks = chunks;
  }

  /** How many bytes were read. */
  long offset() {
    return offset;
  }

  /**
   * Fills {@code block}; false if the archive ends right here.
   *
   * @throws DataLossException if it ends inside the block
   */
  boolean block(byte[] block) throws InterruptedException {
    if (!more()) {
      return false;
    }
    read(block, 0, BLOCK);
    return true;
  }

  /**
   * Reads exactly this much.
   *
   * @throws DataLossException if the archive ends before
   */
  void read(byte[] into, int start, int length) throws InterruptedException {
    int done = 0;
    while (done < length) {
      need();
      int step = Math.min(length - done, bytes.remaining());
      bytes.get(into, start + done, step);
      done += step;
      offset += step;
    }
  }

  /**
   * Writes {@code length} bytes into a file from {@code position} on, straight from the buffers.
   *
   * @throws DataLossException if the archive ends before
   */
  void copy(Fd file, long position, long length) throws InterruptedException {
    long done = 0;
    while (done < length) {
      need();
      int step = (int) Math.min(length - done, bytes.remaining());
      int limit = bytes.limit();
      bytes.limit(bytes.position() + step);
      FileIo.pwriteFully(file, bytes, position + done);
      bytes.limit(limit);
      done += step;
      offset += step;
    }
  }

  /**
   * Passes over {@code length} bytes.
   *
   * @throws DataLossException if the archive ends before
   */
  void skip(long length) throws InterruptedException {
    long done = 0;
    while (done < length) {
      need();
      int step = (int) Math.min(length - done, bytes.remaining());
      bytes.position(bytes.position() + step);
      done += step;
      offset += step;
    }
  }

  /** Passes over everything to the end of the stream. */
  void drain() throws InterruptedException {
    while (more()) {
      offset += bytes.remaining();
      bytes.position(bytes.limit());
    }
  }

  /** Bytes from {@code length} to the next block. */
  static long padding(long length) {
    return -length & (BLOCK - 1);
  }

  private void need() throws InterruptedException {
    if (!more()) {
      throw new DataLossException("the archive ends too early, after " + offset + " bytes");
    }
  }

  private boolean more() throws InterruptedException {
    while (!bytes.hasRemaining()) {
      if (chunk != null) {
        chunk.release();
      }
      chunk = chunks.take();
      if (chunk == null) {
        bytes = NOTHING;
        return false;
      }
      bytes = chunk.view();
    }
    return true;
  }
}
