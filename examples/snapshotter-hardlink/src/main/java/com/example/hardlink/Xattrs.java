package com.example.hardlink;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** Extended attributes of all classes; the JDK sees those of users only. */
final class Xattrs {
  /** {@code ssize_t llistxattr(const char *path, char *list, size_t size)}, listxattr(2). */
  private static final MethodHandle LLISTXATTR =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("llistxattr"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_LONG,
                  ValueLayout.ADDRESS,
                  ValueLayout.ADDRESS,
                  ValueLayout.JAVA_LONG));

  private Xattrs() {}

  /** Whether a file has any; also if that cannot be found out. */
  static boolean any(Path file) {
    try (Arena arena = Arena.ofConfined()) {
      return (long)
              LLISTXATTR.invokeExact(
                  arena.allocateFrom(file.toString()), MemorySegment.NULL, 0L)
          != 0;
    } catch (Throwable e) {
      throw new IllegalStateException("llistxattr", e);
    }
  }
}
