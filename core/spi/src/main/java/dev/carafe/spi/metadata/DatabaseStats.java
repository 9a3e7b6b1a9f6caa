package dev.carafe.spi.metadata;

import java.util.Optional;

/**
 * Figures of a metadata database.
 *
 * @param revision the last durable revision
 * @param commits updates made durable since it was opened
 * @param forces times the disk was forced for them: less than {@code commits} when threads share
 *     one
 * @param checkpoints checkpoints completed since it was opened
 * @param failedCheckpoints checkpoints given up since it was opened, to be tried again
 * @param bytesOnDisk size of all its files, what is preallocated included
 * @param journalBytes what the next open has to replay
 * @param failure why the database is unusable, if it is
 */
public record DatabaseStats(
    long revision,
    long commits,
    long forces,
    long checkpoints,
    long failedCheckpoints,
    long bytesOnDisk,
    long journalBytes,
    Optional<String> failure) {}
