package dev.carafe.plugin.diff.tar;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The records of one pax extended header (POSIX, pax, "pax Extended Header"): the last of a key
 * counts, an empty value takes a record back.
 */
final class PaxRecords {
  static final PaxRecords NONE = new PaxRecords();

  private static final String SCHILY_XATTR = "SCHILY.xattr.";
  private static final String LIBARCHIVE_XATTR = "LIBARCHIVE.xattr.";
  private static final String SPARSE_OFFSET = "GNU.sparse.offset";
  private static final String SPARSE_LENGTH = "GNU.sparse.numbytes";
  private static final int MAX_LENGTH_DIGITS = 9;
  private static final int MAX_NUMBER_DIGITS = 18;

  private final Map<String, byte[]> values = new HashMap<>();
  private final Map<String, byte[]> xattrs = new LinkedHashMap<>();
  private SparseMap.@Nullable Builder pieces;
  private long pendingOffset = -1;

  private PaxRecords() {}

  /**
   * Reads the body of a header.
   *
   * @throws InvalidArgumentException if a record is not well-formed
   */
  static PaxRecords parse(byte[] body, int maxSparseSegments) {
    var records = new PaxRecords();
    int at = 0;
    while (at < body.length) {
      at = records.record(body, at, maxSparseSegments);
    }
    if (records.pendingOffset >= 0) {
      throw malformed("a sparse piece without a length");
    }
    return records;
  }

  private int record(byte[] body, int start, int maxSparseSegments) {
    int at = start;
    int length = 0;
    while (at < body.length && body[at] >= '0' && body[at] <= '9') {
      if (at - start == MAX_LENGTH_DIGITS) {
        throw malformed("a record's length is not a number");
      }
      length = length * 10 + body[at++] - '0';
    }
    int end = start + length;
    if (at == start || at >= body.length || body[at] != ' ' || end > body.length || end < at + 3) {
      throw malformed("a record's length does not fit");
    }
    if (body[end - 1] != '\n') {
      throw malformed("a record does not end with its line");
    }
    int equals = at + 1;
    while (equals < end && body[equals] != '=') {
      equals++;
    }
    if (equals == end || equals == at + 1) {
      throw malformed("a record without a key");
    }
    byte[] value = new byte[end - 1 - (equals + 1)];
    System.arraycopy(body, equals + 1, value, 0, value.length);
    put(key(body, at + 1, equals), value, maxSparseSegments);
    return end;
  }

  private static String key(byte[] body, int from, int to) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(body, from, to - from))
          .toString();
    } catch (CharacterCodingException e) {
      throw new InvalidArgumentException("pax header: a key that is not UTF-8", e);
    }
  }

  private void put(String key, byte[] value, int maxSparseSegments) {
    if (key.startsWith(SCHILY_XATTR)) {
      xattrs.put(key.substring(SCHILY_XATTR.length()), value);
    } else if (key.startsWith(LIBARCHIVE_XATTR)) {
      libarchive(key, value);
    } else if (key.equals(SPARSE_OFFSET)) {
      if (pendingOffset >= 0) {
        throw malformed("a sparse piece without a length");
      }
      pendingOffset = decimal(key, value);
    } else if (key.equals(SPARSE_LENGTH)) {
      if (pendingOffset < 0) {
        throw malformed("a sparse piece without an offset");
      }
      if (pieces == null) {
        pieces = new SparseMap.Builder(maxSparseSegments);
      }
      pieces.add(pendingOffset, decimal(key, value));
      pendingOffset = -1;
    } else {
      values.put(key, value);
    }
  }

  /** {@code NAME=VALUE} with an URL-encoded name and a base64 value, as bsdtar writes it. */
  private void libarchive(String key, byte[] value) {
    try {
      String plus = key.substring(LIBARCHIVE_XATTR.length()).replace("+", "%2B");
      String name = URLDecoder.decode(plus, StandardCharsets.UTF_8);
      String text = new String(value, StandardCharsets.ISO_8859_1);
      xattrs.putIfAbsent(name, Base64.getDecoder().decode(text));
    } catch (IllegalArgumentException e) {
      throw new InvalidArgumentException("pax record " + LIBARCHIVE_XATTR + ": not decodable", e);
    }
  }

  Map<String, byte[]> xattrs() {
    return xattrs;
  }

  /** The pieces of a sparse file of version 0.0; null if there are none. */
  SparseMap.@Nullable Builder pieces() {
    return pieces;
  }

  /** The value of a key; null if there is none or it is empty. */
  byte @Nullable [] bytes(String key) {
    byte[] value = values.get(key);
    return value == null || value.length == 0 ? null : value;
  }

  /** A path or name: as {@link #bytes}, without a NUL. */
  byte @Nullable [] path(String key) {
    byte[] value = bytes(key);
    if (value != null) {
      for (byte b : value) {
        if (b == 0) {
          throw new InvalidArgumentException("pax record " + key + ": contains a NUL");
        }
      }
    }
    return value;
  }

  /** A decimal number; {@code otherwise} if the key is absent. */
  long number(String key, long otherwise) {
    byte[] value = bytes(key);
    return value == null ? otherwise : decimal(key, value);
  }

  /** A time; {@code otherwise} if the key is absent. */
  TarTime time(String key, TarTime otherwise) {
    byte[] value = bytes(key);
    return value == null ? otherwise : TarTime.parse(key, value);
  }

  static long decimal(String key, byte[] value) {
    if (value.length > MAX_NUMBER_DIGITS) {
      throw new ResourceExhaustedException("pax record " + key + ": a number beyond all bounds");
    }
    long number = 0;
    for (byte b : value) {
      if (b < '0' || b > '9') {
        throw new InvalidArgumentException("pax record " + key + ": not a number");
      }
      number = number * 10 + b - '0';
    }
    if (value.length == 0) {
      throw new InvalidArgumentException("pax record " + key + ": not a number");
    }
    return number;
  }

  private static InvalidArgumentException malformed(String what) {
    return new InvalidArgumentException("pax header: " + what);
  }
}
