package dev.carafe.spi.content;

import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.UnavailableException;

/** Opens writers. */
public interface ContentIngester {
  /**
   * Opens or resumes an ingest. Never waits for another writer. A resumed writer has hashed what is
   * there.
   *
   * @throws UnavailableException {@code ref R locked} if another writer holds it
   * @throws AlreadyExistsException {@code content D: already exists} if the expected digest is
   *     there
   */
  ContentWriter writer(IngestRequest request);
}
