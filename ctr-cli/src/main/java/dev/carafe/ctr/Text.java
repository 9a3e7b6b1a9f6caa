package dev.carafe.ctr;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import dev.carafe.oci.Json;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** How things are written. */
final class Text {
  /** 0001-01-01T00:00:00Z. */
  private static final long GO_ZERO = -62_135_596_800L;

  private static final String UNITS = "KMGTPE";

  private Text() {}

  /** Text from elsewhere without characters that move a terminal's cursor or break a line. */
  static String printable(String text) {
    StringBuilder clean = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean control = c < 0x20 || (c >= 0x7f && c < 0xa0);
      if (control && clean == null) {
        clean = new StringBuilder(text.length()).append(text, 0, i);
      }
      if (clean != null) {
        clean.append(control ? (c == '\n' ? ' ' : '?') : c);
      }
    }
    return clean == null ? text : clean.toString();
  }

  /** Bytes with a binary unit, one decimal below ten: {@code 3.4 MiB}. */
  static String size(long bytes) {
    if (bytes < 1024) {
      return bytes + " B";
    }
    int unit = Math.min((63 - Long.numberOfLeadingZeros(bytes)) / 10, UNITS.length());
    long tenths = Math.round(bytes * 10.0 / (1L << (10 * unit)));
    String number =
        tenths < 100 ? tenths / 10 + "." + tenths % 10 : Long.toString((tenths + 5) / 10);
    return number + " " + UNITS.charAt(unit - 1) + "iB";
  }

  /** Text with blanks behind it, at least {@code width} characters long. */
  static String padded(String text, int width) {
    return text + " ".repeat(Math.max(0, width - text.length()));
  }

  /** Whether a descriptor of this process is a terminal. */
  static boolean isTerminal(int descriptor) {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
      return target.startsWith("/dev/pts/")
          || target.startsWith("/dev/tty")
          || target.equals("/dev/console");
    } catch (IOException e) {
      return false;
    }
  }

  /** ISO 8601 in UTC; empty for a time that was not set, as Go or protobuf say it. */
  static String time(Timestamp timestamp) {
    if (timestamp.getSeconds() == 0 || timestamp.getSeconds() == GO_ZERO) {
      return "";
    }
    return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos()).toString();
  }

  static String labels(Map<String, String> labels) {
    StringBuilder text = new StringBuilder();
    new TreeMap<>(labels)
        .forEach((key, value) ->
            text.append(text.isEmpty() ? "" : ",").append(key).append('=').append(value));
    return text.toString();
  }

  static String json(Object value) {
    return new String(Json.bytes(value), StandardCharsets.UTF_8);
  }

  /**
   * A map in the order of the arguments: name, value, name, value. What is a map itself, such as
   * labels, is sorted.
   */
  static Map<String, Object> object(Object... pairs) {
    Map<String, Object> object = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      Object value = pairs[i + 1];
      boolean unordered = value instanceof Map<?, ?> && !(value instanceof LinkedHashMap<?, ?>);
      object.put((String) pairs[i], unordered ? new TreeMap<>((Map<?, ?>) value) : value);
    }
    return object;
  }

  /** Typed bytes for JSON: the document itself where they are one. */
  static Object any(Any any) {
    ByteString value = any.getValue();
    if (!value.isEmpty() && value.byteAt(0) == '{') {
      try {
        return Json.object(any.getTypeUrl(), value.toByteArray()).members();
      } catch (InvalidArgumentException e) {
        // Only looks like a document.
      }
    }
    return object(
        "type_url",
        any.getTypeUrl(),
        "value",
        Base64.getEncoder().encodeToString(value.toByteArray()));
  }

  /** Reads {@code NAME=VALUE} words; a missing value is empty. */
  static Map<String, String> pairs(List<String> words) {
    Map<String, String> pairs = new LinkedHashMap<>();
    for (String word : words) {
      int equals = word.indexOf('=');
      if (equals == 0) {
        throw new UsageException("\"" + word + "\" is not of the form NAME=VALUE");
      }
      pairs.put(
          equals < 0 ? word : word.substring(0, equals),
          equals < 0 ? "" : word.substring(equals + 1));
    }
    return pairs;
  }

  /**
   * Reads a size: bytes, or with K, M, G or T.
   *
   * @throws UsageException if it is none, or not more than 0
   */
  static long bytes(String text) {
    int unit =
        text.isEmpty()
            ? 0
            : "KMGT".indexOf(Character.toUpperCase(text.charAt(text.length() - 1))) + 1;
    try {
      long number = Long.parseLong(unit == 0 ? text : text.substring(0, text.length() - 1));
      long bytes = Math.multiplyExact(number, 1L << (10 * unit));
      if (bytes > 0) {
        return bytes;
      }
    } catch (ArithmeticException | NumberFormatException e) {
      throw new UsageException("\"" + text + "\" is not a size like 512M");
    }
    throw new UsageException("\"" + text + "\" is not a size like 512M");
  }
}
