package dev.carafe.plugin.runtime.shim;

import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import com.fasterxml.jackson.annotation.PropertyAccessor;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.TaskLocation;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a task's runtime state says. A reader skips what it does not know.
 *
 * @param program the shim's, for cleaning up after it
 * @param pid of the task's first process, to show
 * @param terminal whether the first process has one
 * @param borrowed whether the shim is a sandbox's, which ends it
 * @param execs further processes
 */
record ShimState(
    int version,
    String namespace,
    String id,
    String bundle,
    String program,
    Bootstrap bootstrap,
    ShimProcess process,
    long pid,
    boolean terminal,
    boolean borrowed,
    List<Exec> execs) {
  private static final int VERSION = 1;

  static final JsonMapper JSON =
      JsonMapper.builder()
          .visibility(PropertyAccessor.ALL, Visibility.NONE)
          .visibility(PropertyAccessor.FIELD, Visibility.ANY)
          .visibility(PropertyAccessor.CREATOR, Visibility.ANY)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  /** A further process. */
  record Exec(String id, boolean terminal) {}

  /** What it takes to undo a creation of which nothing else is known. */
  record Intent(String namespace, String id, String program, boolean borrowed) {}

  /** How the first process ended, in the bundle. */
  record Exit(int code, long pid, String exitedAt) {
    Instant at() {
      try {
        return Instant.parse(exitedAt);
      } catch (java.time.format.DateTimeParseException _) {
        return Instant.EPOCH;
      }
    }
  }

  ShimState {
    execs = execs == null ? List.of() : List.copyOf(execs);
  }

  static ShimState created(
      TaskLocation location,
      Path program,
      Bootstrap bootstrap,
      ShimProcess process,
      long pid,
      boolean terminal,
      boolean borrowed) {
    return new ShimState(
        VERSION,
        location.namespace(),
        location.id(),
        location.bundle().toString(),
        program.toString(),
        bootstrap,
        process,
        pid,
        terminal,
        borrowed,
        List.of());
  }

  TaskLocation location() {
    return new TaskLocation(namespace, id, Path.of(bundle));
  }

  Optional<Exec> exec(String execId) {
    return execs.stream().filter(exec -> exec.id().equals(execId)).findFirst();
  }

  ShimState with(Exec exec) {
    List<Exec> all = new ArrayList<>(execs);
    all.add(exec);
    return withExecs(all);
  }

  ShimState without(String execId) {
    return withExecs(execs.stream().filter(exec -> !exec.id().equals(execId)).toList());
  }

  private ShimState withExecs(List<Exec> all) {
    return new ShimState(
        version, namespace, id, bundle, program, bootstrap, process, pid, terminal, borrowed, all);
  }

  RuntimeState encoded() {
    return new RuntimeState(bytes(this));
  }

  static ShimState decode(RuntimeState state) {
    ShimState decoded;
    try {
      decoded = JSON.readValue(state.value(), ShimState.class);
    } catch (IOException e) {
      throw new DataLossException("runtime state: not readable: " + e.getMessage(), e);
    }
    if (decoded.version() != VERSION) {
      throw new FailedPreconditionException(
          "runtime state of version " + decoded.version() + ": this is " + VERSION);
    }
    return decoded;
  }

  static byte[] bytes(Object value) {
    try {
      return JSON.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A document in the bundle; null if it is not there or was cut off. */
  static <T> @Nullable T read(Path file, Class<T> type) {
    Optional<byte[]> bytes = Bundle.read(file);
    if (bytes.isEmpty()) {
      return null;
    }
    try {
      return JSON.readValue(bytes.get(), type);
    } catch (IOException _) {
      return null;
    }
  }
}
