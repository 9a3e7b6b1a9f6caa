package dev.carafe.plugin.diff.tar;

import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One header block (POSIX, pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format").
 * The block is reused by the reader: nothing here outlives it.
 */
final class TarHeader {
  private static final int CHECKSUM = 148;
  private static final int CHECKSUM_LENGTH = 8;
  private static final int MAGIC = 257;
  private static final int PREFIX = 345;
  private static final int PREFIX_LENGTH = 155;
  private static final int STAR_PREFIX_LENGTH = 131;
  private static final int STAR_TRAILER = 508;
  private static final byte[] USTAR = "ustar\0".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] GNU = "ustar  \0".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] STAR = "tar\0".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] ZERO = new byte[TarInput.BLOCK];

  private final byte[] block;

  TarHeader(byte[] block) {
    this.block = block;
  }

  boolean isZero() {
    return Arrays.equals(block, ZERO);
  }

  /**
   * Compares the checksum, which old archivers made from signed bytes.
   *
   * @throws DataLossException if neither way fits
   */
  void verify(long offset) {
    long unsigned = (long) CHECKSUM_LENGTH * ' ';
    long signed = unsigned;
    for (int i = 0; i < TarInput.BLOCK; i++) {
      unsigned += block[i] & 0xff;
      signed += block[i];
    }
    for (int i = CHECKSUM; i < CHECKSUM + CHECKSUM_LENGTH; i++) {
      unsigned -= block[i] & 0xff;
      signed -= block[i];
    }
    long stored = octal(CHECKSUM, CHECKSUM_LENGTH);
    if (stored < 0 || stored != unsigned && stored != signed) {
      throw new DataLossException(
          "header at " + offset + ": wrong checksum, this is no tar archive or it is damaged");
    }
  }

  /** {@code typeflag}. */
  byte type() {
    return block[156];
  }

  /** Name with the prefix field, where the format has one. */
  byte[] name() {
    byte[] name = text(0, 100);
    if (!matches(USTAR, MAGIC) || block[PREFIX] == 0) {
      return name;
    }
    boolean star = matches(STAR, STAR_TRAILER);
    byte[] prefix = text(PREFIX, star ? STAR_PREFIX_LENGTH : PREFIX_LENGTH);
    byte[] joined = Arrays.copyOf(prefix, prefix.length + 1 + name.length);
    joined[prefix.length] = '/';
    System.arraycopy(name, 0, joined, prefix.length + 1, name.length);
    return joined;
  }

  byte[] link() {
    return text(157, 100);
  }

  long mode() {
    return number("mode", 100, 8);
  }

  long uid() {
    return number("uid", 108, 8);
  }

  long gid() {
    return number("gid", 116, 8);
  }

  long size() {
    return number("size", 124, 12);
  }

  long modified() {
    return number("mtime", 136, 12);
  }

  /** Devices' numbers; V7 archives have other things in that place. */
  long major() {
    return hasDeviceFields() ? number("devmajor", 329, 8) : 0;
  }

  long minor() {
    return hasDeviceFields() ? number("devminor", 337, 8) : 0;
  }

  boolean isGnu() {
    return matches(GNU, MAGIC);
  }

  private boolean hasDeviceFields() {
    return isGnu() || matches(USTAR, MAGIC);
  }

  private boolean matches(byte[] magic, int at) {
    return Arrays.equals(block, at, at + magic.length, magic, 0, magic.length);
  }

  /** A field up to its first NUL. */
  byte[] text(int start, int length) {
    int end = start;
    while (end < start + length && block[end] != 0) {
      end++;
    }
    return Arrays.copyOfRange(block, start, end);
  }

  /** Whether a field says nothing. */
  boolean isEmpty(int start) {
    return block[start] == 0;
  }

  byte at(int index) {
    return block[index];
  }

  /**
   * A number: octal digits between blanks and NULs, or base 256 when the first bit is set (GNU tar
   * manual, "Extensions to the archive format"; two's complement, as in the archives of star).
   *
   * @throws InvalidArgumentException if it is neither, or does not fit 64 bits
   */
  long number(String field, int start, int length) {
    if ((block[start] & 0x80) == 0) {
      long value = octal(start, length);
      if (value < 0) {
        throw new InvalidArgumentException("header field " + field + ": not a number");
      }
      return value;
    }
    boolean negative = (block[start] & 0x40) != 0;
    long value = negative ? -1 : 0;
    for (int i = start; i < start + length; i++) {
      long digit = block[i] & 0xff;
      if (i == start) {
        digit = negative ? digit | 0xffffffffffffff00L : digit & 0x7f;
        value = digit;
        continue;
      }
      if (value > Long.MAX_VALUE >> 8 || value < Long.MIN_VALUE >> 8) {
        throw new InvalidArgumentException("header field " + field + ": does not fit 64 bits");
      }
      value = value << 8 | digit;
    }
    return value;
  }

  /** Octal digits between blanks and NULs; -1 if there is something else. Nothing at all is 0. */
  private long octal(int start, int length) {
    int from = start;
    int to = start + length;
    while (from < to && isFiller(block[from])) {
      from++;
    }
    long value = 0;
    while (from < to && block[from] >= '0' && block[from] <= '7') {
      if (value > Long.MAX_VALUE >> 3) {
        return -1;
      }
      value = value << 3 | block[from++] - '0';
    }
    return from == to || isFiller(block[from]) ? value : -1;
  }

  private static boolean isFiller(byte b) {
    return b == ' ' || b == 0;
  }
}
