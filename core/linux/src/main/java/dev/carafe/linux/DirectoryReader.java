package dev.carafe.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Streams a directory by getdents64(2), 64 KiB at a time, whatever its size; {@code .} and {@code
 * ..} are left out. The order is the file system's. What is added or removed meanwhile may or may
 * not appear. For one thread at a time.
 */
public final class DirectoryReader implements AutoCloseable {
  /**
   * One name in a directory.
   *
   * @param ino the inode number as the directory has it
   * @param type {@code DT_*}; {@link #UNKNOWN} where the file system does not say: then ask statx
   */
  public record Entry(RawPath name, long ino, int type) {
    public static final int UNKNOWN = 0;
    public static final int FIFO = 1;
    public static final int CHARACTER_DEVICE = 2;
    public static final int DIRECTORY = 4;
    public static final int BLOCK_DEVICE = 6;
    public static final int REGULAR = 8;
    public static final int SYMLINK = 10;
    public static final int SOCKET = 12;
  }

  private final Fd directory;
  private @Nullable IoBuffer buffer = IoBuffer.take();
  private long position;
  private long end;

  private DirectoryReader(Fd directory) {
    this.directory = directory;
  }

  /** Opens {@code dir} (an O_PATH descriptor, too) once more, with an offset of its own. */
  public static DirectoryReader open(Fd dir) {
    return new DirectoryReader(
        PathCalls.openat(dir, RawPath.DOT, OpenFlags.RDONLY | OpenFlags.DIRECTORY, 0));
  }

  /**
   * All entries of {@code dir}.
   *
   * @throws IllegalArgumentException if there are more than {@code limit}
   */
  public static List<Entry> list(Fd dir, int limit) {
    var entries = new ArrayList<Entry>();
    try (DirectoryReader reader = open(dir)) {
      for (Entry entry = reader.next(); entry != null; entry = reader.next()) {
        if (entries.size() == limit) {
          throw new IllegalArgumentException(dir + ": more than " + limit + " entries");
        }
        entries.add(entry);
      }
    }
    return entries;
  }

  /** The next entry; null at the end. */
  public @Nullable Entry next() {
    if (buffer == null) {
      throw new IllegalStateException("directory reader: closed");
    }
    MemorySegment memory = buffer.memory();
    while (true) {
      if (position == end) {
        end = Calls.GETDENTS64.call(directory, memory, IoBuffer.SIZE, 0);
        position = 0;
        if (end == 0) {
          return null;
        }
      }
      long record = position;
      int length = memory.get(JAVA_SHORT_UNALIGNED, record + 16) & 0xffff;
      position = record + length;
      byte[] name = name(memory, record + 19);
      if (!isDots(name)) {
        return new Entry(
            RawPath.wrap(name),
            memory.get(JAVA_LONG_UNALIGNED, record),
            memory.get(JAVA_BYTE, record + 18));
      }
    }
  }

  private static byte[] name(MemorySegment memory, long start) {
    long end = start;
    while (memory.get(JAVA_BYTE, end) != 0) {
      end++;
    }
    return memory.asSlice(start, end - start).toArray(JAVA_BYTE);
  }

  private static boolean isDots(byte[] name) {
    return name.length > 0
        && name.length <= 2
        && name[0] == '.'
        && (name.length == 1 || name[1] == '.');
  }

  @Override
  public void close() {
    if (buffer != null) {
      buffer.close();
      buffer = null;
    }
    directory.close();
  }

  private static final class Calls {
    static final BufferCall GETDENTS64 = BufferCall.of("getdents64");
  }
}
