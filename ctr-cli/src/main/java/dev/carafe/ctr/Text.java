package dev.carafe.ctr;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import dev.carafe.oci.Json;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** How things are written. */
final class Text {
  private Text() {}

  static String size(long bytes) {
    if (bytes < 1024) {
      return bytes + " B";
    }
    String[] units = {"KiB", "MiB", "GiB", "TiB", "PiB"};
    double value = bytes;
    int unit = -1;
    while (value >= 1024 && unit + 1 < units.length) {
      value /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, value < 10 ? "%.1f %s" : "%.0f %s", value, units[unit]);
  }

  static String time(Timestamp timestamp) {
    return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos()).toString();
  }

  static String labels(Map<String, String> labels) {
    if (labels.isEmpty()) {
      return "-";
    }
    StringBuilder text = new StringBuilder();
    new TreeMap<>(labels)
        .forEach((key, value) -> text.append(text.isEmpty() ? "" : ",").append(key).append('=').append(value));
    return text.toString();
  }

  static void json(PrintStream out, Object value) {
    out.println(new String(Json.bytes(value), StandardCharsets.UTF_8));
  }

  /** A map in the order of the arguments: name, value, name, value. */
  static Map<String, Object> object(Object... pairs) {
    Map<String, Object> object = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      object.put((String) pairs[i], pairs[i + 1]);
    }
    return object;
  }

  /** Typed bytes for JSON: the document itself where they are one. */
  static Object any(Any any) {
    ByteString value = any.getValue();
    if (!value.isEmpty() && value.byteAt(0) == '{') {
      return Json.object(any.getTypeUrl(), value.toByteArray()).members();
    }
    return object("type_url", any.getTypeUrl(), "value", java.util.Base64.getEncoder().encodeToString(value.toByteArray()));
  }

  /** Reads {@code NAME=VALUE} words; a missing value is empty. */
  static Map<String, String> pairs(List<String> words) {
    Map<String, String> pairs = new LinkedHashMap<>();
    for (String word : words) {
      int equals = word.indexOf('=');
      if (equals == 0) {
        throw new UsageException("\"" + word + "\" is not of the form NAME=VALUE");
      }
      pairs.put(equals < 0 ? word : word.substring(0, equals), equals < 0 ? "" : word.substring(equals + 1));
    }
    return pairs;
  }

  /** Reads a size: bytes, or with K, M, G or T. */
  static long bytes(String text) {
    try {
      int last = text.isEmpty() ? -1 : "KMGT".indexOf(Character.toUpperCase(text.charAt(text.length() - 1)));
      long value = Long.parseLong(last < 0 ? text : text.substring(0, text.length() - 1));
      long bytes = last < 0 ? value : Math.multiplyExact(value, 1L << (10 * (last + 1)));
      if (bytes > 0) {
        return bytes;
      }
    } catch (ArithmeticException | NumberFormatException e) {
      throw new UsageException("\"" + text + "\" is not a size");
    }
    throw new UsageException("\"" + text + "\" is not a size");
  }
}
