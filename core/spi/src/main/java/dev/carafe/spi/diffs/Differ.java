package dev.carafe.spi.diffs;

import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.plugins.Deadline;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * Turns layer archives into files and differences between directories into layer archives (OCI
 * image specification, "Image Layer Filesystem Changeset").
 *
 * <p>An archive is hostile: nothing may be written outside the mounts, whatever it says; entries,
 * sizes and time are bounded.
 *
 * <p>The daemon guarantees: the digest of what it hands you is checked by itself, too; mounts are
 * yours for the call and nobody else's; where you do not know a media type, another differ is
 * asked.
 *
 * <p>You guarantee: many calls at once; an interrupt ends a call, whatever the archive does; what
 * is in the mounts after a call that threw is of no use to anybody.
 */
public interface Differ {
  /**
   * Applies a layer in one pass over {@code archive}, to its end.
   *
   * @param archive the layer's bytes as described by the request's media type; may block while they
   *     arrive; the caller closes it
   * @throws UnimplementedException if the media type is none of this differ's
   * @throws InvalidArgumentException if an entry tries to leave the root or cannot be right
   * @throws DataLossException if the archive is damaged or ends too early
   * @throws ResourceExhaustedException if a limit is reached or the disk is full
   */
  @Deadline(Deadline.UNBOUNDED)
  AppliedLayer apply(ApplyRequest request, InputStream archive);

  /**
   * Writes the difference as an archive.
   *
   * @return the digest of the uncompressed archive
   * @throws UnimplementedException if the media type is none of this differ's
   */
  @Deadline(Deadline.UNBOUNDED)
  Digest diff(DiffRequest request, OutputStream archive);
}
