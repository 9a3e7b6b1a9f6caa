package dev.carafe.metadata.mapdb;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The head of a record in the journal. A record is what one force made durable: the changes of all
 * transactions that shared it. Records lie at multiples of 32 bytes, so that a head never straddles
 * a sector and is either there or not after a loss of power.
 *
 * <pre>
 *  0 u32 length of the payload          16 u32 number of transactions
 *  4 u8  type, three bytes of zero      20 u32 sectors of the record without a set bit
 *  8 u64 revision of the first one      24 u32 CRC32C of the payload
 *                                       28 u32 CRC32C of the segment's salt and bytes 0 to 27
 * </pre>
 *
 * The last byte of a record's space is never zero. A write that did not finish leaves zeros that
 * were not meant to be: at the end, or whole sectors. Together with the number of those that were
 * meant to be, this tells a torn record, which is cut, from a damaged one, which is reported.
 *
 * @param type {@link #COMMIT}, or {@link #CLOSE} for the end of an orderly run
 * @param first revision of the first transaction; in a CLOSE, of the next one to come
 */
record Frame(int length, byte type, long first, int count, int emptySectors, int checksum) {
  static final int HEAD = 32;
  static final int SECTOR = 512;

  static final byte COMMIT = 1;
  static final byte CLOSE = 2;

  private static final byte TRAILER = (byte) 0xa5;
  private static final byte[] ZEROS = new byte[4 << 10];

  /** No record has a longer payload. */
  static final int MAX_LENGTH = 192 << 20;

  /** Space that a record with this payload takes: head, payload, padding, and one byte. */
  static int space(int length) {
    return (HEAD + length + HEAD) / HEAD * HEAD;
  }

  int space() {
    return space(length);
  }

  /** Completes a record, in an array of its {@code space} at least, whose payload is in place. */
  static void seal(
      byte[] record, int length, byte type, long first, int count, long at, long salt) {
    int space = space(length);
    ByteBuffer buffer = ByteBuffer.wrap(record, 0, space);
    var crc = new CRC32C();
    crc.update(record, HEAD, length);
    Arrays.fill(record, HEAD + length, space, (byte) 0);
    record[space - 1] = TRAILER;
    buffer.putInt(0, length).putInt(4, type << 24).putLong(8, first).putInt(16, count);
    buffer.putInt(20, 0).putInt(24, (int) crc.getValue()).putInt(28, -1);
    buffer.putInt(20, emptySectors(buffer, 0, space, at));
    buffer.putInt(28, headChecksum(buffer, 0, salt));
  }

  /** The head at {@code at}, or null where there is none. */
  static @Nullable Frame decode(ByteBuffer bytes, int at, long salt) {
    if (bytes.getInt(at + 28) != headChecksum(bytes, at, salt)) {
      return null;
    }
    var frame =
        new Frame(
            bytes.getInt(at),
            bytes.get(at + 4),
            bytes.getLong(at + 8),
            bytes.getInt(at + 16),
            bytes.getInt(at + 20),
            bytes.getInt(at + 24));
    boolean sensible =
        frame.length >= 0
            && frame.length <= MAX_LENGTH
            && frame.first > 0
            && switch (frame.type) {
              case COMMIT -> frame.count > 0;
              case CLOSE -> frame.count == 0;
              default -> false;
            };
    return sensible ? frame : null;
  }

  private static int headChecksum(ByteBuffer bytes, int at, long salt) {
    var crc = new CRC32C();
    crc.update(ByteBuffer.allocate(Long.BYTES).putLong(salt).flip());
    crc.update(bytes.slice(at, 28));
    return (int) crc.getValue();
  }

  /** Whether the payload of the record at {@code at} is what the head says. */
  boolean matches(ByteBuffer bytes, int at) {
    var crc = new CRC32C();
    crc.update(bytes.slice(at + HEAD, length));
    return (int) crc.getValue() == checksum;
  }

  /** Whether the record at {@code at} of a file lacks bytes: a write that did not finish. */
  boolean isTorn(ByteBuffer bytes, int at) {
    return bytes.get(at + space() - 1) == 0 || emptySectors(bytes, at, space(), at) > emptySectors;
  }

  /** Counts the sectors whose part of a record, {@code at} in its file, is all zero. */
  private static int emptySectors(ByteBuffer bytes, int from, int length, long at) {
    int empty = 0;
    int position = 0;
    while (position < length) {
      int end = (int) Math.min(length, position + SECTOR - (at + position) % SECTOR);
      if (isZero(bytes, from + position, from + end)) {
        empty++;
      }
      position = end;
    }
    return empty;
  }

  static boolean isZero(ByteBuffer bytes, int from, int to) {
    return to - from < ZEROS.length ? isZeroShort(bytes, from, to) : isZeroLong(bytes, from, to);
  }

  /** By checksum, which is fast in a JVM that has compiled nothing yet. */
  private static boolean isZeroLong(ByteBuffer bytes, int from, int to) {
    var found = new CRC32C();
    found.update(bytes.slice(from, to - from));
    var expected = new CRC32C();
    for (int left = to - from; left > 0; left -= ZEROS.length) {
      expected.update(ZEROS, 0, Math.min(left, ZEROS.length));
    }
    return found.getValue() == expected.getValue();
  }

  private static boolean isZeroShort(ByteBuffer bytes, int from, int to) {
    int at = from;
    for (; at + Long.BYTES <= to; at += Long.BYTES) {
      if (bytes.getLong(at) != 0) {
        return false;
      }
    }
    for (; at < to; at++) {
      if (bytes.get(at) != 0) {
        return false;
      }
    }
    return true;
  }
}
