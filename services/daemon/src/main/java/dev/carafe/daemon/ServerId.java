package dev.carafe.daemon;

import dev.carafe.spi.errors.DataLossException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;

/** The identity of a root directory: {@code ROOT/uuid}, made once. */
final class ServerId {
  private ServerId() {}

  static String of(Path root) {
    Path file = root.resolve("uuid");
    try {
      if (!Files.exists(file)) {
        Path fresh = root.resolve("uuid.tmp");
        Files.writeString(fresh, UUID.randomUUID().toString());
        Files.move(
            fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      }
      return UUID.fromString(Files.readString(file).strip()).toString();
    } catch (IllegalArgumentException e) {
      throw new DataLossException(file + ": not a UUID; remove it to get a new one", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
