package dev.carafe.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * A C function whose second argument is a buffer that the caller of this module owns. Unlike {@link
 * NativeCall} it passes the segment itself, so that the linker keeps it alive during the call and
 * refuses one that is closed or belongs to another thread.
 */
record BufferCall(String name, MethodHandle handle) {
  static BufferCall of(String name) {
    return new BufferCall(
        name,
        NativeCall.bind(
            name,
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG)));
  }

  /** Returns what the call returns; throws what errno says when that is negative. */
  long call(Fd fd, MemorySegment buffer, long length, long fourth) {
    try (Scratch s = Scratch.take()) {
      long result = invoke(s, fd.number(), buffer, length, fourth);
      if (result < 0) {
        throw new ErrnoException(name, s.errno(), fd);
      }
      return result;
    }
  }

  private long invoke(Scratch s, long fd, MemorySegment buffer, long length, long fourth) {
    try {
      return (long) handle.invokeExact(s.capture(), fd, buffer, length, fourth, 0L);
    } catch (Throwable t) {
      throw NativeCall.unexpected(name, t);
    }
  }
}
