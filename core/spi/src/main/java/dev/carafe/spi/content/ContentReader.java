package dev.carafe.spi.content;

import dev.carafe.spi.errors.NotFoundException;

/** Reads blobs; cannot delete one by accident. */
public interface ContentReader {
  /**
   * What is known of a blob.
   *
   * @throws NotFoundException {@code content digest D: not found}
   */
  BlobInfo info(Digest digest);

  /**
   * Opens a blob.
   *
   * @throws NotFoundException {@code content digest D: not found}
   */
  BlobReader open(Digest digest);
}
