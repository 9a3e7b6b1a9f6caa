package dev.carafe.linux;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;

/**
 * Reading and writing by descriptor. Native memory (a direct buffer, an off-heap segment) goes to
 * the kernel as it is; heap memory passes through a pooled 64 KiB block, so one call moves at most
 * that much of it. All throw {@link ErrnoException}.
 *
 * <p>A read of a pipe, terminal or socket blocks until bytes arrive, and a write until there is
 * room: wait with {@link EventLoop} and a non-blocking descriptor, or call from a platform thread.
 */
public final class FileIo {
  private FileIo() {}

  /** read(2) at the current offset; returns the number of bytes, 0 at the end. */
  public static int read(Fd fd, byte[] into, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, into.length);
    return (int) read(fd, MemorySegment.ofArray(into).asSlice(offset, length));
  }

  /** read(2) into the remaining space, advancing the position; returns 0 at the end. */
  public static int read(Fd fd, ByteBuffer into) {
    int count = (int) read(fd, MemorySegment.ofBuffer(into));
    into.position(into.position() + count);
    return count;
  }

  /** read(2) at the current offset; returns the number of bytes, 0 at the end. */
  public static long read(Fd fd, MemorySegment into) {
    return transferIn(Calls.READ, fd, into, 0);
  }

  /** pread(2) at {@code position}; returns the number of bytes, 0 at the end. */
  public static int pread(Fd fd, byte[] into, int offset, int length, long position) {
    Objects.checkFromIndexSize(offset, length, into.length);
    return (int) pread(fd, MemorySegment.ofArray(into).asSlice(offset, length), position);
  }

  /** pread(2) at {@code position} into the remaining space, advancing the buffer's position. */
  public static int pread(Fd fd, ByteBuffer into, long position) {
    int count = (int) pread(fd, MemorySegment.ofBuffer(into), position);
    into.position(into.position() + count);
    return count;
  }

  /** pread(2) at {@code position}; returns the number of bytes, 0 at the end. */
  public static long pread(Fd fd, MemorySegment into, long position) {
    return transferIn(Calls.PREAD, fd, into, position);
  }

  /** write(2) at the current offset; returns how many bytes were taken. */
  public static int write(Fd fd, byte[] from, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, from.length);
    return (int) write(fd, MemorySegment.ofArray(from).asSlice(offset, length));
  }

  /** write(2) of the remaining bytes, advancing the position; returns how many were taken. */
  public static int write(Fd fd, ByteBuffer from) {
    int count = (int) write(fd, MemorySegment.ofBuffer(from));
    from.position(from.position() + count);
    return count;
  }

  /** write(2) at the current offset; returns how many bytes were taken. */
  public static long write(Fd fd, MemorySegment from) {
    return transferOut(Calls.WRITE, fd, from, 0);
  }

  /** pwrite(2) at {@code position}; returns how many bytes were taken. */
  public static int pwrite(Fd fd, byte[] from, int offset, int length, long position) {
    Objects.checkFromIndexSize(offset, length, from.length);
    return (int) pwrite(fd, MemorySegment.ofArray(from).asSlice(offset, length), position);
  }

  /** pwrite(2) of the remaining bytes at {@code position}, advancing the buffer's position. */
  public static int pwrite(Fd fd, ByteBuffer from, long position) {
    int count = (int) pwrite(fd, MemorySegment.ofBuffer(from), position);
    from.position(from.position() + count);
    return count;
  }

  /** pwrite(2) at {@code position}; returns how many bytes were taken. */
  public static long pwrite(Fd fd, MemorySegment from, long position) {
    return transferOut(Calls.PWRITE, fd, from, position);
  }

  /** Writes all remaining bytes at the current offset, on a blocking descriptor. */
  public static void writeFully(Fd fd, ByteBuffer from) {
    MemorySegment segment = MemorySegment.ofBuffer(from);
    writeFully(fd, segment);
    from.position(from.limit());
  }

  /** Writes all of {@code from} at the current offset, on a blocking descriptor. */
  public static void writeFully(Fd fd, byte[] from) {
    writeFully(fd, MemorySegment.ofArray(from));
  }

  /** Writes all of {@code from} at the current offset, on a blocking descriptor. */
  public static void writeFully(Fd fd, MemorySegment from) {
    long done = 0;
    while (done < from.byteSize()) {
      try {
        done += write(fd, from.asSlice(done));
      } catch (ErrnoException e) {
        if (!e.is(Errno.EINTR)) {
          throw e;
        }
      }
    }
  }

  /** Writes all remaining bytes at {@code position}, advancing the buffer's position. */
  public static void pwriteFully(Fd fd, ByteBuffer from, long position) {
    long at = position;
    while (from.hasRemaining()) {
      at += pwrite(fd, from, at);
    }
  }

  /** Reads until the buffer is full or the file ends; returns the number of bytes. */
  public static int readFully(Fd fd, ByteBuffer into) {
    int start = into.position();
    while (into.hasRemaining() && read(fd, into) > 0) {}
    return into.position() - start;
  }

  /**
   * All bytes from the current offset to the end.
   *
   * @throws IllegalArgumentException if there are more than {@code limit}
   */
  public static byte[] readAll(Fd fd, int limit) {
    byte[] bytes = new byte[Math.min(limit, 4096) + 1];
    int length = 0;
    while (true) {
      int count = read(fd, bytes, length, bytes.length - length);
      if (count == 0) {
        return Arrays.copyOf(bytes, length);
      }
      length += count;
      if (length > limit) {
        throw new IllegalArgumentException(fd + ": more than " + limit + " bytes");
      }
      if (length == bytes.length) {
        bytes = Arrays.copyOf(bytes, (int) Math.min(limit + 1L, length * 2L));
      }
    }
  }

  private static long transferIn(BufferCall call, Fd fd, MemorySegment into, long position) {
    if (into.isNative()) {
      return call.call(fd, into, into.byteSize(), position);
    }
    try (IoBuffer buffer = IoBuffer.take()) {
      long length = Math.min(into.byteSize(), IoBuffer.SIZE);
      long count = call.call(fd, buffer.memory(), length, position);
      MemorySegment.copy(buffer.memory(), 0, into, 0, count);
      return count;
    }
  }

  private static long transferOut(BufferCall call, Fd fd, MemorySegment from, long position) {
    if (from.isNative()) {
      return call.call(fd, from, from.byteSize(), position);
    }
    try (IoBuffer buffer = IoBuffer.take()) {
      long length = Math.min(from.byteSize(), IoBuffer.SIZE);
      MemorySegment.copy(from, 0, buffer.memory(), 0, length);
      return call.call(fd, buffer.memory(), length, position);
    }
  }

  private static final class Calls {
    static final BufferCall READ = BufferCall.of("read");
    static final BufferCall PREAD = BufferCall.of("pread");
    static final BufferCall WRITE = BufferCall.of("write");
    static final BufferCall PWRITE = BufferCall.of("pwrite");
  }
}
