package dev.carafe.spi.logs;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/**
 * The log format of CRI, for whoever writes it: {@code TIME STREAM TAG TEXT}, the tag {@code P} for
 * a piece whose line goes on and {@code F} for its last one (CRI, {@code log_path}).
 */
public final class CriLogFormat {
  // RFC 3339 with nanoseconds.
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSSSSXXX").withZone(ZoneOffset.UTC);

  private CriLogFormat() {}

  /**
   * Output as records, to be appended to the file in one write. Its lines become full ones; what
   * follows the last line's end is a piece that goes on.
   *
   * @param at when it was read
   */
  public static byte[] records(boolean stderr, Instant at, byte[] output) {
    String stream = TIME.format(at) + (stderr ? " stderr " : " stdout ");
    var text = new ByteArrayOutputStream(output.length + 128);
    for (int from = 0; from < output.length; ) {
      int end = from;
      while (end < output.length && output[end] != '\n') {
        end++;
      }
      text.writeBytes(
          (stream + (end < output.length ? "F " : "P ")).getBytes(StandardCharsets.US_ASCII));
      text.write(output, from, end - from);
      text.write('\n');
      from = end + 1;
    }
    return text.toByteArray();
  }
}
