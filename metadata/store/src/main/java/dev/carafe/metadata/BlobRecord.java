package dev.carafe.metadata;

import dev.carafe.spi.content.BlobInfo;
import dev.carafe.spi.content.Digest;
import java.time.Instant;
import java.util.Map;

/** A blob as one namespace sees it. */
record BlobRecord(long size, Instant createdAt, Instant updatedAt, Map<String, String> labels) {
  BlobInfo info(Digest digest) {
    return new BlobInfo(digest, size, createdAt, updatedAt, labels);
  }
}
