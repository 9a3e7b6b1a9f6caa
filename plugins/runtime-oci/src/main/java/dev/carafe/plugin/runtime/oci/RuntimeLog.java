package dev.carafe.plugin.runtime.oci;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/** Reads why an OCI runtime gave up from its {@code --log-format json} log. */
final class RuntimeLog {
  private static final int TAIL = 64 * 1024;
  private static final int LONGEST_MESSAGE = 16 * 1024;
  private static final Set<String> GRAVE = Set.of("error", "fatal", "panic");

  private RuntimeLog() {}

  /** The last error in the log, or empty. */
  static String lastError(Path log) {
    String found = "";
    for (String line : tail(log).split("\n")) {
      try {
        JsonNode entry = StateCodec.JSON.readTree(line);
        if (entry != null && GRAVE.contains(entry.path("level").asText())) {
          found = entry.path("msg").asText();
        }
      } catch (JsonProcessingException _) {
        // A line cut off at either end.
      }
    }
    return bounded(found);
  }

  private static String tail(Path log) {
    try (FileChannel channel = FileChannel.open(log, StandardOpenOption.READ)) {
      var buffer = ByteBuffer.allocate(TAIL);
      channel.position(Math.max(0, channel.size() - TAIL));
      while (buffer.hasRemaining() && channel.read(buffer) >= 0) {}
      return new String(buffer.array(), 0, buffer.position(), StandardCharsets.UTF_8);
    } catch (IOException _) {
      return "";
    }
  }

  static String bounded(String message) {
    String text = message.strip();
    return text.length() <= LONGEST_MESSAGE
        ? text
        : text.substring(0, LONGEST_MESSAGE) + "... (cut)";
  }
}
