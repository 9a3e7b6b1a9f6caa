package dev.carafe.spi.content;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An unfinished blob.
 *
 * @param offset bytes written so far
 * @param total expected bytes, or 0 if unknown
 */
public record IngestStatus(
    String ref,
    long offset,
    long total,
    @Nullable Digest expected,
    Instant startedAt,
    Instant updatedAt) {}
