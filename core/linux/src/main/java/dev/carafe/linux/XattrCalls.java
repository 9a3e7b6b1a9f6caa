package dev.carafe.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Extended attributes, by descriptor or by path without following a symbolic link at its end. An
 * {@link OpenFlags#PATH} descriptor, of a symbolic link too, is reached through procfs. Values and
 * lists are at most 64 KiB, the kernel's limit. All throw {@link ErrnoException}.
 */
public final class XattrCalls {
  /** Fail with EEXIST if it is there. */
  public static final int CREATE = 1;

  /** Fail with ENODATA if it is not there. */
  public static final int REPLACE = 2;

  private static final int MAX = 64 * 1024;

  private XattrCalls() {}

  /** fsetxattr(2). */
  public static void set(Fd fd, String name, byte[] value, int flags) {
    int result = set(Calls.FSETXATTR, fd.number(), null, fd, name, value, flags);
    if (result == Errno.EBADF) {
      RawPath path = fd.procPath();
      result = set(Calls.SETXATTR, 0, path, fd, name, value, flags);
    }
    throwUnlessZero("fsetxattr", result, fd, name);
  }

  /** lsetxattr(2). */
  public static void set(RawPath path, String name, byte[] value, int flags) {
    int result = set(Calls.LSETXATTR, 0, path, path, name, value, flags);
    throwUnlessZero("lsetxattr", result, path, name);
  }

  /** fgetxattr(2); empty if there is no such attribute. */
  public static Optional<byte[]> get(Fd fd, String name) {
    try (Scratch s = Scratch.take();
        IoBuffer value = IoBuffer.take()) {
      long key = s.string(name);
      long buffer = value.memory().address();
      long size = Calls.FGETXATTR.callLong(s, fd.number(), key, buffer, MAX, 0, 0);
      if (size < 0 && s.errno() == Errno.EBADF) {
        size = Calls.GETXATTR.callLong(s, s.string(fd.procPath()), key, buffer, MAX, 0, 0);
      }
      return value("fgetxattr", size, s, value, fd, name);
    }
  }

  /** lgetxattr(2); empty if there is no such attribute. */
  public static Optional<byte[]> get(RawPath path, String name) {
    try (Scratch s = Scratch.take();
        IoBuffer value = IoBuffer.take()) {
      long buffer = value.memory().address();
      long size = Calls.LGETXATTR.callLong(s, s.string(path), s.string(name), buffer, MAX, 0, 0);
      return value("lgetxattr", size, s, value, path, name);
    }
  }

  /** flistxattr(2): the names. */
  public static List<String> list(Fd fd) {
    try (Scratch s = Scratch.take();
        IoBuffer names = IoBuffer.take()) {
      long buffer = names.memory().address();
      long size = Calls.FLISTXATTR.callLong(s, fd.number(), buffer, MAX, 0, 0, 0);
      if (size < 0 && s.errno() == Errno.EBADF) {
        size = Calls.LISTXATTR.callLong(s, s.string(fd.procPath()), buffer, MAX, 0, 0, 0);
      }
      return names(Calls.FLISTXATTR.check(size, s, fd), names);
    }
  }

  /** llistxattr(2): the names. */
  public static List<String> list(RawPath path) {
    try (Scratch s = Scratch.take();
        IoBuffer names = IoBuffer.take()) {
      long buffer = names.memory().address();
      long size = Calls.LLISTXATTR.callLong(s, s.string(path), buffer, MAX, 0, 0, 0);
      return names(Calls.LLISTXATTR.check(size, s, path), names);
    }
  }

  /** fremovexattr(2); ENODATA if there is no such attribute. */
  public static void remove(Fd fd, String name) {
    try (Scratch s = Scratch.take()) {
      int result = Calls.FREMOVEXATTR.call(s, fd.number(), s.string(name));
      if (result < 0 && s.errno() == Errno.EBADF) {
        result = Calls.REMOVEXATTR.call(s, s.string(fd.procPath()), s.string(name));
      }
      throwUnlessZero("fremovexattr", result < 0 ? s.errno() : 0, fd, name);
    }
  }

  /** lremovexattr(2); ENODATA if there is no such attribute. */
  public static void remove(RawPath path, String name) {
    try (Scratch s = Scratch.take()) {
      int result = Calls.LREMOVEXATTR.call(s, s.string(path), s.string(name));
      throwUnlessZero("lremovexattr", result < 0 ? s.errno() : 0, path, name);
    }
  }

  private static int set(
      NativeCall call,
      int fd,
      @Nullable RawPath path,
      Object what,
      String name,
      byte[] value,
      int flags) {
    if (value.length > MAX) {
      throw new ErrnoException(call.name(), Errno.E2BIG, what + " " + name);
    }
    try (Scratch s = Scratch.take()) {
      MemorySegment copy = s.allocate(value.length);
      MemorySegment.copy(value, 0, copy, JAVA_BYTE, 0, value.length);
      long target = path == null ? fd : s.string(path);
      int result = call.call(s, target, s.string(name), copy.address(), value.length, flags);
      return result < 0 ? s.errno() : 0;
    }
  }

  private static void throwUnlessZero(String call, int errno, Object what, String name) {
    if (errno != 0) {
      throw new ErrnoException(call, errno, what + " " + name);
    }
  }

  private static Optional<byte[]> value(
      String call, long size, Scratch s, IoBuffer value, Object what, String name) {
    if (size >= 0) {
      return Optional.of(value.upTo(size).toArray(JAVA_BYTE));
    }
    if (s.errno() == Errno.ENODATA) {
      return Optional.empty();
    }
    throw new ErrnoException(call, s.errno(), what + " " + name);
  }

  private static List<String> names(long size, IoBuffer buffer) {
    byte[] bytes = buffer.upTo(size).toArray(JAVA_BYTE);
    var names = new ArrayList<String>();
    int start = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == 0) {
        names.add(new String(bytes, start, i - start, StandardCharsets.UTF_8));
        start = i + 1;
      }
    }
    return names;
  }

  private static final class Calls {
    static final NativeCall FSETXATTR = NativeCall.of("fsetxattr");
    static final NativeCall SETXATTR = NativeCall.of("setxattr");
    static final NativeCall LSETXATTR = NativeCall.of("lsetxattr");
    static final NativeCall FGETXATTR = NativeCall.of("fgetxattr");
    static final NativeCall GETXATTR = NativeCall.of("getxattr");
    static final NativeCall LGETXATTR = NativeCall.of("lgetxattr");
    static final NativeCall FLISTXATTR = NativeCall.of("flistxattr");
    static final NativeCall LISTXATTR = NativeCall.of("listxattr");
    static final NativeCall LLISTXATTR = NativeCall.of("llistxattr");
    static final NativeCall FREMOVEXATTR = NativeCall.of("fremovexattr");
    static final NativeCall REMOVEXATTR = NativeCall.of("removexattr");
    static final NativeCall LREMOVEXATTR = NativeCall.of("lremovexattr");
  }
}
