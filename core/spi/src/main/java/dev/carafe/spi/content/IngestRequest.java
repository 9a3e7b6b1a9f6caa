package dev.carafe.spi.content;

import dev.carafe.spi.errors.InvalidArgumentException;
import org.jspecify.annotations.Nullable;

/**
 * Asks for a writer.
 *
 * @param ref free text that names the ingest; one writer at a time holds it
 * @param total expected bytes, or 0 if unknown
 * @param expected expected digest, or null if unknown
 */
public record IngestRequest(String ref, long total, @Nullable Digest expected) {
  public IngestRequest {
    if (ref.isEmpty()) {
      throw new InvalidArgumentException("ref must not be empty");
    }
    if (ref.length() > 4096) {
      throw new InvalidArgumentException("ref is longer than 4096 characters");
    }
    if (total < 0) {
      throw new InvalidArgumentException("ref \"" + ref + "\": total " + total + " is negative");
    }
  }
}
