package dev.carafe.plugin.diff.tar;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The four ways in which GNU tar writes a sparse file (GNU tar manual, "Storing Sparse Files"): in
 * GNU header blocks, and as pax versions 0.0, 0.1 and 1.0.
 */
final class SparseFormats {
  static final String NAME = "GNU.sparse.name";

  private static final int HEADER_PIECES = 386;
  private static final int HEADER_PIECE_COUNT = 4;
  private static final int HEADER_EXTENDED = 482;
  private static final int HEADER_REAL_SIZE = 483;
  private static final int EXTENSION_PIECE_COUNT = 21;
  private static final int EXTENSION_EXTENDED = 504;
  private static final int NUMBER = 12;
  private static final int MAX_DIGITS = 18;

  private final TarInput input;
  private final int limit;
  private final byte[] block = new byte[TarInput.BLOCK];
  private int blockAt = TarInput.BLOCK;
  private long blocksRead;

  SparseFormats(TarInput input, int limit) {
    this.input = input;
    this.limit = limit;
  }

  /** The map of a GNU header (type S), whose extension blocks follow it. */
  SparseMap gnu(TarHeader header) throws InterruptedException {
    if (!header.isGnu()) {
      throw new InvalidArgumentException("sparse map: not in a GNU header");
    }
    long fileBytes = header.number("realsize", HEADER_REAL_SIZE, NUMBER);
    var pieces = new SparseMap.Builder(limit);
    boolean more = header.at(HEADER_EXTENDED) != 0;
    addAll(header, HEADER_PIECES, HEADER_PIECE_COUNT, pieces);
    while (more) {
      input.read(block, 0, TarInput.BLOCK);
      var extension = new TarHeader(block);
      more = extension.at(EXTENSION_EXTENDED) != 0;
      addAll(extension, 0, EXTENSION_PIECE_COUNT, pieces);
    }
    return pieces.build(fileBytes);
  }

  private static void addAll(TarHeader header, int start, int count, SparseMap.Builder pieces) {
    for (int i = 0; i < count; i++) {
      int at = start + i * 2 * NUMBER;
      if (header.isEmpty(at)) {
        return;
      }
      pieces.add(
          header.number("sparse offset", at, NUMBER),
          header.number("sparse numbytes", at + NUMBER, NUMBER));
    }
  }

  /**
   * The map that pax records announce; null if this is no sparse file. A map of version 1.0 is read
   * from the body: {@link #bodyBytes} tells how much of it that took.
   */
  @Nullable SparseMap pax(PaxRecords pax, long headerSize) throws InterruptedException {
    long major = pax.number("GNU.sparse.major", -1);
    long minor = pax.number("GNU.sparse.minor", -1);
    byte[] listed = pax.bytes("GNU.sparse.map");
    SparseMap.Builder pairs = pax.pieces();
    boolean one = major == 1 && minor == 0;
    boolean zero =
        major == 0 && (minor == 0 || minor == 1)
            || major < 0 && minor < 0 && (listed != null || pairs != null);
    if (!one && !zero) {
      if (major >= 0 || minor >= 0) {
        throw new InvalidArgumentException(
            "sparse map: version " + major + "." + minor + " is not known");
      }
      return null;
    }
    long realSize = pax.number("GNU.sparse.size", pax.number("GNU.sparse.realsize", headerSize));
    if (one) {
      return body().build(realSize);
    }
    if (listed != null) {
      return list(listed).build(realSize);
    }
    return (pairs == null ? new SparseMap.Builder(limit) : pairs).build(realSize);
  }

  /** How many bytes of the body the map took. */
  long bodyBytes() {
    return blocksRead * TarInput.BLOCK;
  }

  private SparseMap.Builder list(byte[] listed) {
    String[] numbers = new String(listed, StandardCharsets.ISO_8859_1).split(",", -1);
    if (numbers.length % 2 != 0) {
      throw new InvalidArgumentException("sparse map: a piece without a length");
    }
    var pieces = new SparseMap.Builder(limit);
    for (int i = 0; i < numbers.length; i += 2) {
      pieces.add(decimal(numbers[i]), decimal(numbers[i + 1]));
    }
    return pieces;
  }

  private static long decimal(String number) {
    return PaxRecords.decimal("GNU.sparse.map", number.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Version 1.0: count, then offset and length of each piece, one number a line, then padding. */
  private SparseMap.Builder body() throws InterruptedException {
    long count = line();
    var pieces = new SparseMap.Builder(limit);
    for (long i = 0; i < count; i++) {
      long offset = line();
      pieces.add(offset, line());
    }
    return pieces;
  }

  private long line() throws InterruptedException {
    long number = 0;
    for (int digits = 0; ; digits++) {
      if (blockAt == TarInput.BLOCK) {
        input.read(block, 0, TarInput.BLOCK);
        blocksRead++;
        blockAt = 0;
      }
      byte b = block[blockAt++];
      if (b == '\n' && digits > 0) {
        return number;
      }
      if (b < '0' || b > '9' || digits == MAX_DIGITS) {
        throw new InvalidArgumentException("sparse map: not a number");
      }
      number = number * 10 + b - '0';
    }
  }
}
