package dev.carafe.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/** Descriptors that come from no path: pipes, memory files. All throw {@link ErrnoException}. */
public final class Descriptors {
  /** memfd_create: seals may be added. */
  public static final int MFD_ALLOW_SEALING = 2;

  public static final int SEAL_SEAL = 1;
  public static final int SEAL_SHRINK = 2;
  public static final int SEAL_GROW = 4;
  public static final int SEAL_WRITE = 8;

  private static final int MFD_CLOEXEC = 1;
  private static final int F_ADD_SEALS = 1033;
  private static final int F_DUPFD_CLOEXEC = 1030;

  /** Two descriptors; {@link #close} closes both. */
  public record Pair(Fd first, Fd second) implements AutoCloseable {
    @Override
    public void close() {
      first.close();
      second.close();
    }

    static Pair read(MemorySegment numbers) {
      return new Pair(
          Fd.adopt(numbers.getAtIndex(JAVA_INT, 0)), Fd.adopt(numbers.getAtIndex(JAVA_INT, 1)));
    }
  }

  private Descriptors() {}

  /**
   * pipe2(2): {@code first} is read from, {@code second} written to.
   *
   * @param flags such as {@link OpenFlags#NONBLOCK}
   */
  public static Pair pipe2(int flags) {
    try (Scratch s = Scratch.take()) {
      MemorySegment numbers = s.allocate(8);
      int result = Calls.PIPE2.call(s, numbers.address(), flags | OpenFlags.CLOEXEC);
      Calls.PIPE2.check(result, s, null);
      return Pair.read(numbers);
    }
  }

  /** memfd_create(2): a file in memory; {@code name} only shows in procfs. */
  public static Fd memfdCreate(String name, int flags) {
    try (Scratch s = Scratch.take()) {
      int fd = Calls.MEMFD_CREATE.call(s, s.string(name), flags | MFD_CLOEXEC);
      return Fd.adopt(Calls.MEMFD_CREATE.check(fd, s, name));
    }
  }

  /** fcntl(F_ADD_SEALS) on a memory file. */
  public static void addSeals(Fd fd, int seals) {
    try (Scratch s = Scratch.take()) {
      Calls.FCNTL.check(Calls.FCNTL.call(s, fd.number(), F_ADD_SEALS, seals), s, fd);
    }
  }

  /** A second descriptor of the same open file, closed on its own. */
  public static Fd duplicate(Fd fd) {
    try (Scratch s = Scratch.take()) {
      int number = Calls.FCNTL.call(s, fd.number(), F_DUPFD_CLOEXEC, 0);
      return Fd.adopt(Calls.FCNTL.check(number, s, fd));
    }
  }

  private static final class Calls {
    static final NativeCall PIPE2 = NativeCall.of("pipe2");
    static final NativeCall MEMFD_CREATE = NativeCall.of("memfd_create");
    static final NativeCall FCNTL = NativeCall.of("fcntl");
  }
}
