package dev.carafe.spi.content;

import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import java.nio.ByteBuffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The exclusive writer of one ingest. For one thread at a time. Closing without a commit leaves the
 * ingest resumable: the next writer of the same ref starts at the same offset, also after a restart
 * of the daemon.
 */
public interface ContentWriter extends AutoCloseable {
  /** Where the ingest stands; {@code offset} counts what was accepted. */
  IngestStatus status();

  /** The digest of the bytes so far, with the algorithm of the expected digest, else SHA-256. */
  Digest digest();

  /** Appends all remaining bytes. */
  void write(ByteBuffer bytes);

  /** Throws away what was written and starts over at offset 0. */
  void truncate();

  /**
   * Makes the bytes a blob: checks, forces them to the medium with their directory entry, then
   * publishes. The ingest is gone afterwards, also after {@link AlreadyExistsException}.
   *
   * @param size expected bytes, or 0 to skip the check
   * @param expected expected digest, or null to skip the check
   * @throws FailedPreconditionException {@code unexpected commit size} or {@code unexpected commit
   *     digest}; the ingest stays
   * @throws AlreadyExistsException if the blob is there already
   */
  Digest commit(long size, @Nullable Digest expected, Map<String, String> labels);

  /** Releases the ref. Idempotent. */
  @Override
  void close();
}
