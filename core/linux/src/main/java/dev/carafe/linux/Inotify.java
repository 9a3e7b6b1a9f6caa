package dev.carafe.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Changes in directories and files, by inotify(7): hints, some of which may be lost ({@link
 * #QUEUE_OVERFLOW}), so look at the directory itself. Wait for {@link #fd} with an {@link
 * EventLoop}. All methods throw {@link ErrnoException}.
 */
public final class Inotify implements AutoCloseable {
  public static final int MODIFY = 0x2;
  public static final int ATTRIB = 0x4;
  public static final int CLOSE_WRITE = 0x8;
  public static final int MOVED_FROM = 0x40;
  public static final int MOVED_TO = 0x80;
  public static final int CREATE = 0x100;
  public static final int DELETE = 0x200;
  public static final int DELETE_SELF = 0x400;
  public static final int QUEUE_OVERFLOW = 0x4000;

  /** The watch is gone. */
  public static final int IGNORED = 0x8000;

  public static final int ONLY_DIRECTORY = 0x01000000;
  public static final int DONT_FOLLOW = 0x02000000;

  private static final int HEADER = 16;

  /**
   * A change.
   *
   * @param watch the number that {@link #add} returned; -1 for {@link #QUEUE_OVERFLOW}
   * @param name in the directory watched; empty for what is watched itself
   */
  public record Event(int watch, int mask, RawPath name) {}

  private final Fd fd;

  private Inotify(Fd fd) {
    this.fd = fd;
  }

  public static Inotify open() {
    try (Scratch s = Scratch.take()) {
      int number = Calls.INIT.call(s, OpenFlags.NONBLOCK | OpenFlags.CLOEXEC);
      return new Inotify(Fd.adopt(Calls.INIT.check(number, s, null)));
    }
  }

  public Fd fd() {
    return fd;
  }

  /** Watches {@code path} for the events in {@code mask}; a second time replaces the mask. */
  public int add(RawPath path, int mask) {
    try (Scratch s = Scratch.take()) {
      return Calls.ADD.check(Calls.ADD.call(s, fd.number(), s.string(path), mask), s, path);
    }
  }

  /** Ends a watch, after whose last event one with {@link #IGNORED} follows. */
  public void remove(int watch) {
    try (Scratch s = Scratch.take()) {
      Calls.REMOVE.check(Calls.REMOVE.call(s, fd.number(), watch), s, "watch " + watch);
    }
  }

  /** What is there now, at most 64 KiB of it, without waiting; empty if nothing is. */
  public List<Event> read() {
    try (IoBuffer buffer = IoBuffer.take()) {
      long length = FileIo.read(fd, buffer.memory());
      return parse(buffer.memory(), length);
    } catch (ErrnoException e) {
      if (e.is(Errno.EAGAIN)) {
        return List.of();
      }
      throw e;
    }
  }

  private static List<Event> parse(MemorySegment memory, long length) {
    var events = new ArrayList<Event>();
    long at = 0;
    while (at + HEADER <= length) {
      int size = memory.get(JAVA_INT_UNALIGNED, at + 12);
      byte[] name = memory.asSlice(at + HEADER, size).toArray(JAVA_BYTE);
      int end = 0;
      while (end < name.length && name[end] != 0) {
        end++;
      }
      events.add(
          new Event(
              memory.get(JAVA_INT_UNALIGNED, at),
              memory.get(JAVA_INT_UNALIGNED, at + 4),
              RawPath.wrap(Arrays.copyOf(name, end))));
      at += HEADER + size;
    }
    return events;
  }

  @Override
  public void close() {
    fd.close();
  }

  private static final class Calls {
    static final NativeCall INIT = NativeCall.of("inotify_init1");
    static final NativeCall ADD = NativeCall.of("inotify_add_watch");
    static final NativeCall REMOVE = NativeCall.of("inotify_rm_watch");
  }
}
