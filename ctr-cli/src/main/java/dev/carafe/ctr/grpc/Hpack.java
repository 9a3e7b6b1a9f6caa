package dev.carafe.ctr.grpc;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Header compression (RFC 7541): literals on the way out, everything on the way in. For one connection; not thread-safe. */
final class Hpack {
  private static final int HEADER_LIMIT = 1 << 20;
  private static final String[] STATIC =
      (":authority| :method|GET :method|POST :path|/ :path|/index.html :scheme|http :scheme|https :status|200"
              + " :status|204 :status|206 :status|304 :status|400 :status|404 :status|500 accept-charset|"
              + " accept-encoding|gzip,_deflate accept-language| accept-ranges| accept|"
              + " access-control-allow-origin| age| allow| authorization| cache-control| content-disposition|"
              + " content-encoding| content-language| content-length| content-location| content-range|"
              + " content-type| cookie| date| etag| expect| expires| from| host| if-match| if-modified-since|"
              + " if-none-match| if-range| if-unmodified-since| last-modified| link| location| max-forwards|"
              + " proxy-authenticate| proxy-authorization| range| referer| refresh| retry-after| server|"
              + " set-cookie| strict-transport-security| transfer-encoding| user-agent| vary| via|"
              + " www-authenticate|")
          .split(" ");
  private static final int TABLE_SIZE = 4096;

  private final ArrayDeque<String[]> dynamic = new ArrayDeque<>();
  private int dynamicBytes;
  private int limit = TABLE_SIZE;
  private byte[] bytes = {};
  private int at;

  static byte[] encode(List<String[]> headers) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(256);
    for (String[] header : headers) {
      out.write(0);
      text(out, header[0]);
      text(out, header[1]);
    }
    return out.toByteArray();
  }

  private static void text(ByteArrayOutputStream out, String text) {
    byte[] value = text.getBytes(StandardCharsets.ISO_8859_1);
    number(out, 0, 7, value.length);
    out.write(value, 0, value.length);
  }

  private static void number(ByteArrayOutputStream out, int flags, int bits, int value) {
    int most = (1 << bits) - 1;
    if (value < most) {
      out.write(flags | value);
      return;
    }
    out.write(flags | most);
    int rest = value - most;
    while (rest >= 128) {
      out.write(rest & 127 | 128);
      rest >>= 7;
    }
    out.write(rest);
  }

  /** The headers of a block; of a repeated one the last value. */
  Map<String, String> decode(byte[] block) {
    bytes = block;
    at = 0;
    Map<String, String> headers = new LinkedHashMap<>();
    while (at < bytes.length) {
      int first = bytes[at] & 0xff;
      if ((first & 0x80) != 0) {
        String[] known = entry(number(7));
        headers.put(known[0], known[1]);
      } else if ((first & 0x40) != 0) {
        String[] added = literal(6);
        add(added);
        headers.put(added[0], added[1]);
      } else if ((first & 0x20) != 0) {
        limit = Math.min(number(5), TABLE_SIZE);
        evict();
      } else {
        String[] once = literal(4);
        headers.put(once[0], once[1]);
      }
    }
    return headers;
  }

  private String[] literal(int bits) {
    int index = number(bits);
    String name = index == 0 ? text() : entry(index)[0];
    return new String[] {name, text()};
  }

  private String[] entry(int index) {
    if (index >= 1 && index <= STATIC.length) {
      String[] parts = STATIC[index - 1].split("\\|", 2);
      return new String[] {parts[0], parts[1].replace('_', ' ')};
    }
    int wanted = index - STATIC.length - 1;
    if (wanted < 0 || wanted >= dynamic.size()) {
      throw malformed();
    }
    return new ArrayList<>(dynamic).get(wanted);
  }

  private void add(String[] header) {
    dynamic.addFirst(header);
    dynamicBytes += size(header);
    evict();
  }

  private void evict() {
    while (dynamicBytes > limit && !dynamic.isEmpty()) {
      dynamicBytes -= size(dynamic.removeLast());
    }
  }

  private static int size(String[] header) {
    return header[0].length() + header[1].length() + 32;
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
    boolean huffman = at < bytes.length && (bytes[at] & 0x80) != 0;
    int length = number(7);
    if (length > bytes.length - at || length > HEADER_LIMIT) {
      throw malformed();
    }
    int from = at;
    at += length;
    return huffman
        ? new String(Huffman.decode(bytes, from, at), StandardCharsets.ISO_8859_1)
        : new String(bytes, from, length, StandardCharsets.ISO_8859_1);
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
