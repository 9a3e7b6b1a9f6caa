package dev.carafe.ctr.grpc;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Header compression (RFC 7541): literals on the way out, everything on the way in. For one
 * connection; not thread-safe.
 */
final class Hpack {
  /** Appendix A, {@code name|value}, a space in a value as an underscore. */
  private static final String[] STATIC =
      (":authority| :method|GET :method|POST :path|/ :path|/index.html :scheme|http :scheme|https"
              + " :status|200 :status|204 :status|206 :status|304 :status|400 :status|404 :status|500"
              + " accept-charset| accept-encoding|gzip,_deflate accept-language| accept-ranges|"
              + " accept| access-control-allow-origin| age| allow| authorization| cache-control|"
              + " content-disposition| content-encoding| content-language| content-length|"
              + " content-location| content-range| content-type| cookie| date| etag| expect| expires|"
              + " from| host| if-match| if-modified-since| if-none-match| if-range|"
              + " if-unmodified-since| last-modified| link| location| max-forwards|"
              + " proxy-authenticate| proxy-authorization| range| referer| refresh| retry-after|"
              + " server| set-cookie| strict-transport-security| transfer-encoding| user-agent| vary|"
              + " via| www-authenticate|")
          .split(" ");

  private static final int TABLE_SIZE = 4096;

  /** Newest first. */
  private final List<Header> dynamic = new ArrayList<>();

  private int dynamicBytes;
  private int limit = TABLE_SIZE;
  private byte[] bytes = {};
  private int at;

  private record Header(String name, String value) {
    int size() {
      return name.length() + value.length() + 32;
    }
  }

  /** A block of literals: name, value, name, value. */
  static byte[] encode(List<String> headers) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(256);
    for (int i = 0; i < headers.size(); i++) {
      if (i % 2 == 0) {
        out.write(0);
      }
      byte[] text = headers.get(i).getBytes(StandardCharsets.UTF_8);
      length(out, text.length);
      out.write(text, 0, text.length);
    }
    return out.toByteArray();
  }

  /** A prefixed integer of seven bits (section 5.1). */
  private static void length(ByteArrayOutputStream out, int value) {
    int most = 127;
    if (value < most) {
      out.write(value);
      return;
    }
    out.write(most);
    int rest = value - most;
    while (rest >= 128) {
      out.write(rest & 127 | 128);
      rest >>= 7;
    }
    out.write(rest);
  }

  /**
   * The headers of a block; of a repeated one the last value.
   *
   * @throws StatusException if the block is not well-formed: the connection is of no more use
   */
  Map<String, String> decode(byte[] block) {
    bytes = block;
    at = 0;
    Map<String, String> headers = new HashMap<>();
    while (at < bytes.length) {
      int first = bytes[at] & 0xff;
      if (first >= 0x80) {
        Header known = entry(number(7));
        headers.put(known.name, known.value);
      } else if (first >= 0x40) {
        Header added = literal(6);
        dynamic.addFirst(added);
        dynamicBytes += added.size();
        evict();
        headers.put(added.name, added.value);
      } else if (first >= 0x20) {
        limit = Math.min(number(5), TABLE_SIZE);
        evict();
      } else {
        Header once = literal(4);
        headers.put(once.name, once.value);
      }
    }
    return headers;
  }

  private Header literal(int bits) {
    int index = number(bits);
    String name = index == 0 ? text() : entry(index).name;
    return new Header(name, text());
  }

  private Header entry(int index) {
    if (index >= 1 && index <= STATIC.length) {
      String pair = STATIC[index - 1];
      int bar = pair.indexOf('|');
      return new Header(pair.substring(0, bar), pair.substring(bar + 1).replace('_', ' '));
    }
    int wanted = index - STATIC.length - 1;
    if (wanted < 0 || wanted >= dynamic.size()) {
      throw malformed();
    }
    return dynamic.get(wanted);
  }

  private void evict() {
    while (dynamicBytes > limit) {
      dynamicBytes -= dynamic.removeLast().size();
    }
  }

  private int number(int bits) {
    int most = (1 << bits) - 1;
    int value = next() & most;
    if (value < most) {
      return value;
    }
    for (int shift = 0; shift <= 21; shift += 7) {
      int part = next();
      value += (part & 127) << shift;
      if ((part & 128) == 0) {
        return value;
      }
    }
    throw malformed();
  }

  private String text() {
    boolean huffman = (at < bytes.length ? bytes[at] : 0) < 0;
    int length = number(7);
    if (length > bytes.length - at) {
      throw malformed();
    }
    int from = at;
    at += length;
    byte[] text = huffman ? Huffman.decode(bytes, from, at) : Arrays.copyOfRange(bytes, from, at);
    return new String(text, StandardCharsets.ISO_8859_1);
  }

  private int next() {
    if (at >= bytes.length) {
      throw malformed();
    }
    return bytes[at++] & 0xff;
  }

  private static StatusException malformed() {
    return new StatusException(StatusException.INTERNAL, "headers are not well-formed");
  }
}
