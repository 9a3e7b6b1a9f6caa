package dev.carafe.linux;

import org.jspecify.annotations.Nullable;

/**
 * A kernel call made by number, for those that the oldest supported C library has no wrapper for.
 * Numbers from 403 on are the same on every architecture.
 *
 * @param since the first kernel release that has it, for the message when it is missing
 */
record Syscall(String name, int number, String since) {
  private static final NativeCall SYSCALL = NativeCall.of("syscall");

  int call(Scratch scratch, long a, long b, long c, long d, long e) {
    return SYSCALL.call(scratch, number, a, b, c, d, e);
  }

  int call(Scratch scratch, long a, long b, long c, long d) {
    return SYSCALL.call(scratch, number, a, b, c, d);
  }

  int check(int result, Scratch scratch, @Nullable Object what) {
    if (result < 0) {
      throw failure(scratch.errno(), what);
    }
    return result;
  }

  ErrnoException failure(int errno, @Nullable Object what) {
    return errno == Errno.ENOSYS
        ? new ErrnoException(name, errno, what, "needs Linux " + since)
        : new ErrnoException(name, errno, what);
  }
}
