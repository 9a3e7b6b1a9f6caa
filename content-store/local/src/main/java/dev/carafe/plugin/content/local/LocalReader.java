package dev.carafe.plugin.content.local;

import dev.carafe.linux.Fd;
import dev.carafe.linux.FileIo;
import dev.carafe.spi.content.BlobReader;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** An open file. It is closed for good when the last read that began before the close is over. */
final class LocalReader implements BlobReader {
  private final Fd file;
  private final long size;
  private final AtomicInteger users = new AtomicInteger(1);
  private final AtomicBoolean closed = new AtomicBoolean();

  LocalReader(Fd file, long size) {
    this.file = file;
    this.size = size;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(ByteBuffer target, long offset) {
    if (offset >= size) {
      return -1;
    }
    if (users.getAndUpdate(count -> count == 0 ? 0 : count + 1) == 0) {
      throw new IllegalStateException("the reader is closed");
    }
    try {
      int read = FileIo.pread(file, target, offset);
      return read == 0 && target.hasRemaining() ? -1 : read;
    } finally {
      release();
    }
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      release();
    }
  }

  private void release() {
    if (users.decrementAndGet() == 0) {
      file.close();
    }
  }
}
