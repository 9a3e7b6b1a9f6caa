package dev.carafe.metadata;

import dev.carafe.spi.content.Digest;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An unfinished blob as its namespace sees it.
 *
 * @param backendRef what the back end calls it
 * @param total expected bytes, or 0
 * @param expiresAt when it becomes garbage, or null while a lease holds it
 */
record IngestRecord(
    String backendRef,
    long total,
    @Nullable Digest expected,
    Instant startedAt,
    Instant updatedAt,
    @Nullable Instant expiresAt) {}
