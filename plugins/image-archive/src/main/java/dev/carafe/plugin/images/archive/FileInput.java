package dev.carafe.plugin.images.archive;

import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.FileIo;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.Objects;

/** A part of a file. An interrupt ends reading. */
final class FileInput extends InputStream {
  private final Fd file;
  private final boolean owned;
  private final long end;
  private long position;

  /**
   * @param owned whether closing the stream closes the file
   */
  FileInput(Fd file, boolean owned, long start, long end) {
    this.file = file;
    this.owned = owned;
    this.position = Math.min(start, end);
    this.end = end;
  }

  /** Of the next byte, in the file. */
  long position() {
    return position;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    if (Thread.currentThread().isInterrupted()) {
      throw new InterruptedIOException("interrupted");
    }
    int most = (int) Math.min(length, end - position);
    if (most == 0) {
      return length == 0 ? 0 : -1;
    }
    try {
      int count = FileIo.pread(file, bytes, offset, most, position);
      position += count;
      return count == 0 ? -1 : count;
    } catch (ErrnoException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  @Override
  public long skip(long count) {
    long skipped = Math.clamp(count, 0, end - position);
    position += skipped;
    return skipped;
  }

  @Override
  public void close() {
    if (owned) {
      file.close();
    }
  }
}
