package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.Fd;
import dev.carafe.linux.FileIo;
import dev.carafe.spi.errors.FailedPreconditionException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The archive that is being made, cut into chunks. For one thread. */
final class ArchiveOutput {
  private final ChunkFan chunks;
  private @Nullable Chunk chunk;

  ArchiveOutput(ChunkFan chunks) {
    this.chunks = chunks;
  }

  void write(byte[] bytes) throws InterruptedException {
    int done = 0;
    while (done < bytes.length) {
      ByteBuffer buffer = buffer();
      int step = Math.min(bytes.length - done, buffer.remaining());
      buffer.put(bytes, done, step);
      done += step;
      publishIfFull(buffer);
    }
  }

  void zeros(int count) throws InterruptedException {
    write(new byte[count]);
  }

  /**
   * Reads {@code length} bytes of a file straight into the buffers.
   *
   * @throws FailedPreconditionException if it has fewer
   */
  void copy(Fd file, long length) throws InterruptedException {
    long left = length;
    while (left > 0) {
      ByteBuffer buffer = buffer();
      int limit = buffer.limit();
      buffer.limit((int) Math.min(limit, buffer.position() + left));
      int count = FileIo.read(file, buffer);
      buffer.limit(limit);
      if (count == 0) {
        throw new FailedPreconditionException("became shorter while it was read");
      }
      left -= count;
      publishIfFull(buffer);
    }
  }

  void finish() throws InterruptedException {
    if (chunk != null && chunk.buffer().position() > 0) {
      chunks.publish(chunk);
    }
    chunk = null;
    chunks.finish();
  }

  private ByteBuffer buffer() throws InterruptedException {
    if (chunk == null) {
      chunk = chunks.acquire();
    }
    return chunk.buffer();
  }

  private void publishIfFull(ByteBuffer buffer) throws InterruptedException {
    if (!buffer.hasRemaining() && chunk != null) {
      chunks.publish(chunk);
      chunk = null;
    }
  }
}
