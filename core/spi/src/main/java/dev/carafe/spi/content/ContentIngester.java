package dev.carafe.spi.content;

import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.plugins.Deadline;

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
  @Deadline(600)
  ContentWriter writer(IngestRequest request);
}
