package dev.carafe.metadata.mapdb;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A file of the journal, open for appending. It begins with a sector that says whose it is; records
 * follow, then zeros. Space is written and forced before it is used, so that a commit changes no
 * metadata of the file system and cannot run out of space; at least the size of one head is always
 * left, so that a file that ends earlier was cut.
 *
 * <p>Not thread safe but for {@link #extend}, which may run beside {@link #append}.
 */
final class Segment implements AutoCloseable {
  static final int START = Frame.SECTOR;

  /** No segment grows beyond this. */
  static final long MAX_SIZE = 1L << 30;

  private static final long MAGIC =
      ByteBuffer.wrap("CARAFEJ1".getBytes(StandardCharsets.US_ASCII)).getLong();
  private static final byte[] ZEROS = new byte[64 << 10];

  private final Disk disk;
  private final Path path;
  private final long number;
  private final long salt;
  private final Disk.Output output;
  private volatile long position;
  private volatile long allocated;

  private Segment(
      Disk disk, Path path, long number, long salt, Disk.Output output, long position, long size) {
    this.disk = disk;
    this.path = path;
    this.number = number;
    this.salt = salt;
    this.output = output;
    this.position = position;
    this.allocated = size;
  }

  /** What the first sector says. */
  record Head(UUID database, long number, long salt) {
    private byte[] encode() {
      var buffer =
          ByteBuffer.allocate(START)
              .putLong(MAGIC)
              .putLong(database.getMostSignificantBits())
              .putLong(database.getLeastSignificantBits())
              .putLong(number)
              .putLong(salt);
      buffer.putInt(START - Integer.BYTES, checksum(buffer));
      return buffer.array();
    }

    static @Nullable Head decode(ByteBuffer bytes) {
      if (bytes.limit() < START
          || bytes.getInt(START - Integer.BYTES) != checksum(bytes)
          || bytes.getLong(0) != MAGIC) {
        return null;
      }
      return new Head(
          new UUID(bytes.getLong(8), bytes.getLong(16)), bytes.getLong(24), bytes.getLong(32));
    }

    private static int checksum(ByteBuffer bytes) {
      var crc = new CRC32C();
      crc.update(bytes.slice(0, START - Integer.BYTES));
      return (int) crc.getValue();
    }
  }

  /** Creates an empty segment; durable, and under its name, when it returns. */
  static void create(Disk disk, Layout layout, UUID database, long number, int size)
      throws IOException {
    Path path = layout.segment(number);
    Path temporary = Layout.temporary(path);
    try {
      try (Disk.Output output = disk.create(temporary)) {
        var head = new Head(database, number, ThreadLocalRandom.current().nextLong());
        output.write(0, head.encode(), START);
        zero(output, START, size);
        output.sync();
      }
      disk.rename(temporary, path);
      disk.syncDirectory(layout.directory());
    } catch (IOException e) {
      disk.deleteIfExists(temporary);
      throw e;
    }
  }

  /** Opens for appending at {@code position}, from which on the file must hold zeros. */
  static Segment open(Disk disk, Path path, long position) throws IOException {
    ByteBuffer bytes = read(path);
    Head head = Head.decode(bytes);
    if (head == null) {
      throw new IOException(path + ": no segment of a journal");
    }
    long usable = bytes.limit() / Frame.HEAD * Frame.HEAD;
    return new Segment(
        disk, path, head.number, head.salt, disk.openDurable(path), position, usable);
  }

  /** The whole file, for reading. */
  static ByteBuffer read(Path path) throws IOException {
    long size = Files.size(path);
    if (size > MAX_SIZE) {
      throw new IOException(path + ": larger than any segment");
    }
    return size == 0
        ? ByteBuffer.allocate(0)
        : FileContent.slices(path, size, (int) MAX_SIZE).getFirst();
  }

  /** Makes everything from {@code from} on zero again, durably. */
  static void cut(Disk disk, Path path, int from) throws IOException {
    ByteBuffer bytes = read(path);
    try (Disk.Output output = disk.openDurable(path)) {
      for (int at = from; at < bytes.limit(); ) {
        int end = Math.min(bytes.limit(), at + ZEROS.length);
        if (!Frame.isZero(bytes, at, end)) {
          output.write(at, ZEROS, end - at);
        }
        at = end;
      }
    }
  }

  private static void zero(Disk.Output output, long from, long to) throws IOException {
    for (long at = from; at < to; at += ZEROS.length) {
      output.write(at, ZEROS, (int) Math.min(ZEROS.length, to - at));
    }
  }

  long number() {
    return number;
  }

  /** Bytes of the file. */
  long allocated() {
    return allocated;
  }

  /** Where the next record goes. */
  long position() {
    return position;
  }

  /**
   * Preallocates up to {@code size} bytes. A failure changes nothing.
   *
   * @throws IOException if the disk is full, or refuses
   */
  void extend(long size) throws IOException {
    long before = allocated;
    try (Disk.Output tail = disk.open(path)) {
      try {
        zero(tail, before, size);
        tail.sync();
      } catch (IOException e) {
        tail.truncate(before);
        throw e;
      }
    }
    allocated = size;
  }

  /**
   * Writes a record, in an array of its space at least, with the payload in place behind room for a
   * head; durable on return.
   */
  void append(byte[] record, int length, byte type, long first, int count) throws IOException {
    Frame.seal(record, length, type, first, count, position, salt);
    int space = Frame.space(length);
    output.write(position, record, space);
    position += space;
  }

  @Override
  public void close() throws IOException {
    output.close();
  }
}
