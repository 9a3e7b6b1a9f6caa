package dev.carafe.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** epoll(7) and eventfd(2), for {@link EventLoop}. */
final class EpollCalls {
  static final int ADD = 1;
  static final int DELETE = 2;
  static final int MODIFY = 3;
  static final int ONESHOT = 1 << 30;

  /** The structure is packed on x86-64 only. */
  private static final boolean PACKED = System.getProperty("os.arch", "").equals("amd64");

  static final int EVENT_SIZE = PACKED ? 12 : 16;
  private static final int DATA_OFFSET = PACKED ? 4 : 8;
  private static final int EFD_NONBLOCK = OpenFlags.NONBLOCK;

  private EpollCalls() {}

  static Fd create() {
    try (Scratch s = Scratch.take()) {
      return Fd.adopt(Calls.CREATE.check(Calls.CREATE.call(s, OpenFlags.CLOEXEC), s, null));
    }
  }

  static Fd eventfd() {
    try (Scratch s = Scratch.take()) {
      int fd = Calls.EVENTFD.call(s, 0, OpenFlags.CLOEXEC | EFD_NONBLOCK);
      return Fd.adopt(Calls.EVENTFD.check(fd, s, null));
    }
  }

  static void control(Fd epoll, int operation, Fd fd, int events, long key) {
    try (Scratch s = Scratch.take()) {
      MemorySegment event = s.zeroed(EVENT_SIZE);
      event.set(JAVA_INT_UNALIGNED, 0, events);
      event.set(JAVA_LONG_UNALIGNED, DATA_OFFSET, key);
      int result = Calls.CONTROL.call(s, epoll.number(), operation, fd.number(), event.address());
      Calls.CONTROL.check(result, s, fd);
    }
  }

  /** Waits without limit; returns the number of events, 0 after a signal. */
  static int await(Fd epoll, MemorySegment events) {
    try (Scratch s = Scratch.take()) {
      long most = events.byteSize() / EVENT_SIZE;
      int count = Calls.WAIT.call(s, epoll.number(), events.address(), most, -1);
      return count < 0 && s.errno() == Errno.EINTR ? 0 : Calls.WAIT.check(count, s, epoll);
    }
  }

  static int events(MemorySegment events, int index) {
    return events.get(JAVA_INT_UNALIGNED, (long) index * EVENT_SIZE);
  }

  static long key(MemorySegment events, int index) {
    return events.get(JAVA_LONG_UNALIGNED, (long) index * EVENT_SIZE + DATA_OFFSET);
  }

  private static final class Calls {
    static final NativeCall CREATE = NativeCall.of("epoll_create1");
    static final NativeCall CONTROL = NativeCall.of("epoll_ctl");
    static final NativeCall WAIT = NativeCall.of("epoll_wait");
    static final NativeCall EVENTFD = NativeCall.of("eventfd");
  }
}
