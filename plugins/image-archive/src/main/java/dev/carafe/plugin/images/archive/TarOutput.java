package dev.carafe.plugin.images.archive;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Writes a tar archive of read-only files with names of at most 155 and 100 bytes (POSIX ustar);
 * sizes beyond 8 GiB in base 256, as every reader knows it. Owner and times are zero.
 */
final class TarOutput {
  private static final int BLOCK = 512;
  private static final int NAME = 100;
  private static final long OCTAL_LIMIT = 077777777777L;

  private final OutputStream out;
  private long written;

  TarOutput(OutputStream out) {
    this.out = out;
  }

  void directory(String name) throws IOException {
    header(name, '5', 0755, 0);
  }

  /** Begins a file; {@code size} bytes of body and {@link #endFile} follow. */
  void file(String name, long size) throws IOException {
    header(name, '0', 0444, size);
    written = 0;
  }

  void body(byte[] bytes, int offset, int length) throws IOException {
    out.write(bytes, offset, length);
    written += length;
  }

  void endFile() throws IOException {
    out.write(new byte[(int) ((BLOCK - written % BLOCK) % BLOCK)]);
  }

  /** Two blocks of zeros. */
  void finish() throws IOException {
    out.write(new byte[2 * BLOCK]);
  }

  private void header(String name, char type, int mode, long size) throws IOException {
    byte[] block = new byte[BLOCK];
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    int cut = bytes.length <= NAME ? -1 : name.lastIndexOf('/', name.length() - 2);
    if (cut > 0) {
      System.arraycopy(bytes, 0, block, 345, cut);
    }
    System.arraycopy(bytes, cut + 1, block, 0, bytes.length - cut - 1);
    octal(block, 100, 8, mode);
    octal(block, 108, 8, 0);
    octal(block, 116, 8, 0);
    if (size <= OCTAL_LIMIT) {
      octal(block, 124, 12, size);
    } else {
      block[124] = (byte) 0x80;
      for (int i = 0; i < 8; i++) {
        block[135 - i] = (byte) (size >> (8 * i));
      }
    }
    octal(block, 136, 12, 0);
    block[156] = (byte) type;
    System.arraycopy("ustar\00000".getBytes(StandardCharsets.US_ASCII), 0, block, 257, 8);
    long sum = 8 * ' ';
    for (byte octet : block) {
      sum += octet & 0xff;
    }
    octal(block, 148, 7, sum);
    block[155] = ' ';
    out.write(block);
  }

  private static void octal(byte[] block, int at, int length, long value) {
    long rest = value;
    for (int i = at + length - 2; i >= at; i--) {
      block[i] = (byte) ('0' + (rest & 7));
      rest >>= 3;
    }
  }
}
