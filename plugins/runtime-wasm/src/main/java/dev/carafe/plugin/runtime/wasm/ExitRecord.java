package dev.carafe.plugin.runtime.wasm;

import com.fasterxml.jackson.databind.JsonNode;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.TaskLocation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How a task ended, in its bundle, for the daemon after this one. */
final class ExitRecord {
  private static final Logger LOG = LoggerFactory.getLogger(ExitRecord.class);
  private static final String FILE = "wasm-exit.json";

  private ExitRecord() {}

  static void write(TaskLocation location, ExitStatus exit) {
    var json = Json.newObject();
    json.put("code", exit.code()).put("at", exit.exitedAt().toString());
    json.put("oomKilled", exit.oomKilled());
    Path file = location.bundle().resolve(FILE);
    try {
      Path part = file.resolveSibling(FILE + ".part");
      Files.write(part, Json.bytes(json));
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      // The next daemon will say that nobody saw the end.
      LOG.warn("task {}: {}: {}", location, FILE, e.toString());
    }
  }

  static Optional<ExitStatus> read(TaskLocation location) {
    try {
      JsonNode json = Json.object(Files.readAllBytes(location.bundle().resolve(FILE)), FILE);
      return Optional.of(
          new ExitStatus(
              json.path("code").asInt(ExitStatus.UNKNOWN_CODE),
              Instant.parse(json.path("at").asText()),
              json.path("oomKilled").asBoolean(false)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | InvalidArgumentException | DateTimeException e) {
      LOG.warn("task {}: {}: {}", location, FILE, e.toString());
      return Optional.empty();
    }
  }
}
