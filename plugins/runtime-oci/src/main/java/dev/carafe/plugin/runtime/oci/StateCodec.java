package dev.carafe.plugin.runtime.oci;

import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import com.fasterxml.jackson.annotation.PropertyAccessor;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.runtimes.RuntimeState;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** States as JSON. A reader skips what it does not know, so that a downgrade can still read. */
final class StateCodec {
  private static final int VERSION = 1;
  private static final int LIMIT = 1 << 20;

  static final JsonMapper JSON =
      JsonMapper.builder()
          .visibility(PropertyAccessor.ALL, Visibility.NONE)
          .visibility(PropertyAccessor.FIELD, Visibility.ANY)
          .visibility(PropertyAccessor.CREATOR, Visibility.ANY)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  private record Envelope(int version, @Nullable TaskState task) {}

  /** What it takes to undo a creation of which nothing else is known. */
  record Intent(String namespace, String id, RuntimeSettings settings, String cgroupsPath) {}

  private StateCodec() {}

  static RuntimeState encode(TaskState state) {
    return new RuntimeState(bytes(new Envelope(VERSION, state)));
  }

  static TaskState decode(RuntimeState state) {
    Envelope envelope;
    try {
      envelope = JSON.readValue(state.value(), Envelope.class);
    } catch (IOException e) {
      throw new DataLossException("runtime state: not readable: " + e.getMessage(), e);
    }
    if (envelope.version() != VERSION) {
      throw new FailedPreconditionException(
          "runtime state of version " + envelope.version() + ": this is " + VERSION);
    }
    if (envelope.task() == null) {
      throw new DataLossException("runtime state: holds no task");
    }
    return envelope.task();
  }

  static byte[] bytes(Object value) {
    try {
      return JSON.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  static Intent readIntent(Path file) throws IOException {
    try (var in = Files.newInputStream(file)) {
      return JSON.readValue(new String(in.readNBytes(LIMIT), StandardCharsets.UTF_8), Intent.class);
    }
  }
}
