package dev.carafe.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One C library function, bound to the single shape that all calls of this module share: six
 * register-sized arguments, a register-sized result, errno captured.
 *
 * <p>Each new shape costs the linker some 6 ms and the first one 70, each further function of the
 * same shape 0.1. The calling conventions of x86-64 and AArch64 pass the first six integer or
 * pointer arguments in registers, leave the upper half of a 32-bit argument undefined, and let a
 * callee ignore registers that it has no parameter for; hence one shape serves functions with fewer
 * parameters, {@code int} parameters, pointers (as addresses) and variadic functions. It is a
 * record because the compiler trusts the final fields of records, so that a call from a static
 * final constant is inlined.
 *
 * <p>A virtual thread that is inside a call occupies its carrier: calls that may block for long go
 * through {@link Offload}.
 */
record NativeCall(String name, MethodHandle handle) {
  static final StructLayout CAPTURE = Linker.Option.captureStateLayout();

  private static final Linker LINKER = Linker.nativeLinker();
  private static final FunctionDescriptor SHAPE =
      FunctionDescriptor.of(
          JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

  /** Binds {@code name}; throws {@link UnsatisfiedLinkError} where the C library lacks it. */
  static NativeCall of(String name) {
    return find(name)
        .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no function " + name));
  }

  static Optional<NativeCall> find(String name) {
    return LINKER.defaultLookup().find(name).map(address -> of(name, address));
  }

  static NativeCall of(String name, MemorySegment address) {
    return new NativeCall(
        name, LINKER.downcallHandle(address, SHAPE, Linker.Option.captureCallState("errno")));
  }

  /** Binds {@code name} to another shape; for the few calls that take a caller's buffer. */
  static MethodHandle bind(String name, FunctionDescriptor shape) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name), shape, Linker.Option.captureCallState("errno"));
  }

  int call(Scratch scratch) {
    return (int) invoke(scratch, 0, 0, 0, 0, 0, 0);
  }

  int call(Scratch scratch, long a) {
    return (int) invoke(scratch, a, 0, 0, 0, 0, 0);
  }

  int call(Scratch scratch, long a, long b) {
    return (int) invoke(scratch, a, b, 0, 0, 0, 0);
  }

  int call(Scratch scratch, long a, long b, long c) {
    return (int) invoke(scratch, a, b, c, 0, 0, 0);
  }

  int call(Scratch scratch, long a, long b, long c, long d) {
    return (int) invoke(scratch, a, b, c, d, 0, 0);
  }

  int call(Scratch scratch, long a, long b, long c, long d, long e) {
    return (int) invoke(scratch, a, b, c, d, e, 0);
  }

  int call(Scratch scratch, long a, long b, long c, long d, long e, long f) {
    return (int) invoke(scratch, a, b, c, d, e, f);
  }

  /** For functions that return {@code ssize_t}, {@code off_t} or a pointer. */
  long callLong(Scratch scratch, long a, long b, long c, long d, long e, long f) {
    return invoke(scratch, a, b, c, d, e, f);
  }

  /** Returns {@code result}, or throws what errno says when it is negative. */
  int check(int result, Scratch scratch, @Nullable Object what) {
    if (result < 0) {
      throw new ErrnoException(name, scratch.errno(), what);
    }
    return result;
  }

  /** Returns {@code result}, or throws what errno says when it is negative. */
  long check(long result, Scratch scratch, @Nullable Object what) {
    if (result < 0) {
      throw new ErrnoException(name, scratch.errno(), what);
    }
    return result;
  }

  private long invoke(Scratch scratch, long a, long b, long c, long d, long e, long f) {
    try {
      return (long) handle.invokeExact(scratch.capture(), a, b, c, d, e, f);
    } catch (Throwable t) {
      throw unexpected(name, t);
    }
  }

  /**
   * A downcall itself throws nothing checked; what arrives here is an error of the virtual machine.
   */
  static RuntimeException unexpected(String name, Throwable t) {
    if (t instanceof Error error) {
      throw error;
    }
    if (t instanceof RuntimeException exception) {
      return exception;
    }
    return new IllegalStateException(name, t);
  }
}
