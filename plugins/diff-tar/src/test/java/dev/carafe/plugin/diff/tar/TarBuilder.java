package dev.carafe.plugin.diff.tar;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.GZIPOutputStream;

/** Makes archives byte by byte, well-formed or not, without the code under test. */
final class TarBuilder {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final Map<String, byte[]> pax = new LinkedHashMap<>();
  private long seconds = 1_700_000_000L;

  /** A header block whose fields a test may set at will. */
  static final class Header {
    final byte[] block = new byte[512];

    Header(char type, String name, long size, long seconds) {
      text(0, 100, name.getBytes(StandardCharsets.UTF_8));
      octal(100, 8, type == '5' ? 0755 : 0644);
      octal(108, 8, 0);
      octal(116, 8, 0);
      octal(124, 12, size);
      octal(136, 12, seconds);
      block[156] = (byte) type;
      text(257, 8, "ustar\00000".getBytes(StandardCharsets.US_ASCII));
    }

    Header text(int at, int length, byte[] value) {
      Arrays.fill(block, at, at + length, (byte) 0);
      System.arraycopy(value, 0, block, at, Math.min(value.length, length));
      return this;
    }

    Header octal(int at, int length, long value) {
      String digits = Long.toOctalString(value);
      String padded = "0".repeat(Math.max(0, length - 1 - digits.length())) + digits;
      return text(at, length, padded.getBytes(StandardCharsets.US_ASCII));
    }

    Header base256(int at, int length, long value) {
      for (int i = 0; i < length; i++) {
        int shift = 8 * (length - 1 - i);
        block[at + i] = (byte) (shift >= 64 ? (value < 0 ? -1 : 0) : value >> shift);
      }
      block[at] = (byte) (block[at] & 0x7f | 0x80 | (value < 0 ? 0x40 : 0));
      return this;
    }

    Header mode(int mode) {
      return octal(100, 8, mode);
    }

    Header owner(long uid, long gid) {
      return octal(108, 8, uid).octal(116, 8, gid);
    }

    Header link(String target) {
      return text(157, 100, target.getBytes(StandardCharsets.UTF_8));
    }

    Header device(int major, int minor) {
      return octal(329, 8, major).octal(337, 8, minor);
    }

    Header gnu() {
      return text(257, 8, "ustar  \0".getBytes(StandardCharsets.US_ASCII));
    }

    private byte[] sealed() {
      Arrays.fill(block, 148, 156, (byte) ' ');
      int sum = 0;
      for (byte b : block) {
        sum += b & 0xff;
      }
      byte[] digits = String.format("%06o\0 ", sum).getBytes(StandardCharsets.US_ASCII);
      System.arraycopy(digits, 0, block, 148, 8);
      return block;
    }
  }

  TarBuilder at(long epochSeconds) {
    seconds = epochSeconds;
    return this;
  }

  /** A pax record for the next entry. */
  TarBuilder pax(String key, String value) {
    return pax(key, value.getBytes(StandardCharsets.UTF_8));
  }

  TarBuilder pax(String key, byte[] value) {
    pax.put(key, value);
    return this;
  }

  TarBuilder xattr(String name, String value) {
    return pax("SCHILY.xattr." + name, value);
  }

  TarBuilder file(String name, String content) {
    return file(name, content, _ -> {});
  }

  TarBuilder file(String name, String content, Consumer<Header> change) {
    return entry('0', name, content.getBytes(StandardCharsets.UTF_8), change);
  }

  TarBuilder dir(String name) {
    return entry('5', name, new byte[0], _ -> {});
  }

  TarBuilder dir(String name, Consumer<Header> change) {
    return entry('5', name, new byte[0], change);
  }

  TarBuilder symlink(String name, String target) {
    return entry('2', name, new byte[0], h -> h.link(target));
  }

  TarBuilder hardLink(String name, String target) {
    return entry('1', name, new byte[0], h -> h.link(target));
  }

  TarBuilder entry(char type, String name, byte[] body, Consumer<Header> change) {
    flushPax();
    var header = new Header(type, name, body.length, seconds);
    change.accept(header);
    bytes(header.sealed());
    return body(body);
  }

  /** An extension header (x, g, L, K) with this body. */
  TarBuilder extension(char type, byte[] body) {
    bytes(new Header(type, "extension", body.length, 0).sealed());
    return body(body);
  }

  static byte[] record(String key, byte[] value) {
    byte[] name = key.getBytes(StandardCharsets.UTF_8);
    int rest = name.length + value.length + 3;
    int length = rest + 1;
    while (length != rest + Integer.toString(length).length()) {
      length++;
    }
    var record = new ByteArrayOutputStream();
    record.writeBytes((length + " ").getBytes(StandardCharsets.US_ASCII));
    record.writeBytes(name);
    record.write('=');
    record.writeBytes(value);
    record.write('\n');
    return record.toByteArray();
  }

  private void flushPax() {
    if (!pax.isEmpty()) {
      var body = new ByteArrayOutputStream();
      pax.forEach((key, value) -> body.writeBytes(record(key, value)));
      pax.clear();
      extension('x', body.toByteArray());
    }
  }

  TarBuilder body(byte[] body) {
    bytes(body);
    return bytes(new byte[-body.length & 511]);
  }

  TarBuilder bytes(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  byte[] unfinished() {
    flushPax();
    return out.toByteArray();
  }

  byte[] build() {
    flushPax();
    bytes(new byte[1024]);
    return out.toByteArray();
  }

  static byte[] gzip(byte[] plain) {
    try {
      var packed = new ByteArrayOutputStream();
      try (var gzip = new GZIPOutputStream(packed)) {
        gzip.write(plain);
      }
      return packed.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
