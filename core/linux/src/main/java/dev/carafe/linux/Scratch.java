package dev.carafe.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Native memory for the arguments of one call: the errno that it leaves, strings, structures. Taken
 * from a small lock-free pool, so that the usual call allocates nothing. What does not fit comes
 * from an arena of its own, released on close. Used by one thread at a time.
 */
final class Scratch implements AutoCloseable {
  private static final int SIZE = 12 * 1024;
  private static final int SLOTS = 32;
  private static final Pool<Scratch> POOL = new Pool<>(SLOTS);

  private final MemorySegment memory = Arena.ofAuto().allocate(SIZE, 16);
  private final MemorySegment capture = memory.asSlice(0, NativeCall.CAPTURE.byteSize());
  private long used = 16;
  private @Nullable Arena overflow;

  private Scratch() {}

  static Scratch take() {
    Scratch pooled = POOL.take();
    return pooled == null ? new Scratch() : pooled;
  }

  MemorySegment capture() {
    return capture;
  }

  int errno() {
    return capture.get(JAVA_INT, 0);
  }

  /** Memory with undefined contents, aligned to 8 bytes, valid until close. */
  MemorySegment allocate(long size) {
    long start = used;
    long end = start + ((size + 7) & ~7L);
    if (end > SIZE) {
      if (overflow == null) {
        overflow = Arena.ofConfined();
      }
      return overflow.allocate(size, 16);
    }
    used = end;
    return memory.asSlice(start, size);
  }

  MemorySegment zeroed(long size) {
    return allocate(size).fill((byte) 0);
  }

  /** The address of a NUL-terminated copy. */
  long string(RawPath value) {
    return terminated(value.unsafeBytes());
  }

  /** The address of a NUL-terminated copy in UTF-8. */
  long string(String value) {
    return string(RawPath.of(value));
  }

  /** As {@link #string(String)}; a null pointer for null. */
  long stringOrNull(@Nullable String value) {
    return value == null ? 0 : string(value);
  }

  private long terminated(byte[] bytes) {
    MemorySegment copy = allocate(bytes.length + 1L);
    MemorySegment.copy(bytes, 0, copy, JAVA_BYTE, 0, bytes.length);
    copy.set(JAVA_BYTE, bytes.length, (byte) 0);
    return copy.address();
  }

  /** The address of an array of pointers to NUL-terminated copies, ended by a null pointer. */
  long stringArray(Iterable<String> values, int count) {
    MemorySegment array = zeroed(8L * (count + 1));
    long index = 0;
    for (String value : values) {
      array.setAtIndex(JAVA_LONG, index++, string(value));
    }
    return array.address();
  }

  @Override
  public void close() {
    used = 16;
    if (overflow != null) {
      overflow.close();
      overflow = null;
    }
    POOL.give(this);
  }
}
