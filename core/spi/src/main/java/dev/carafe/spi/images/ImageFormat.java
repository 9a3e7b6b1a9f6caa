package dev.carafe.spi.images;

import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.plugins.Deadline;
import dev.carafe.spi.plugins.Direct;
import java.io.InputStream;
import java.util.Set;

/**
 * A format of images, recognised on the way in and turned into what the daemon keeps: indexes and
 * manifests of OCI, or of Docker's version 2 schema 2. A format is known by its documents (a
 * manifest that a source has), by its archives (a stream that is imported), or by both.
 *
 * <h2>The daemon guarantees</h2>
 *
 * <ul>
 *   <li>An image of a media type that no running format claims is refused.
 *   <li>What is written to the content store is held until the image has its name, and collected
 *       when it does not get one.
 * </ul>
 *
 * <h2>You guarantee</h2>
 *
 * <ul>
 *   <li>Images are hostile: documents, entries and the gain of compression are bounded, and no path
 *       of theirs is opened.
 *   <li>The same image becomes the same bytes each time, so that it has one digest.
 * </ul>
 */
public interface ImageFormat {
  /** How many bytes of a stream {@link #recognises} gets to see at most. */
  int BEGINNING = 64 << 10;

  /** Media types of the documents that are images of this format. Never changes. */
  @Direct
  Set<String> mediaTypes();

  /**
   * Turns an image into one that the daemon keeps. Blobs of the result that {@code from} has under
   * their digests need not be stored: they are fetched as those of any image.
   *
   * @param target of one of {@link #mediaTypes}
   * @param from where the image is
   * @param content takes what is made
   * @return an index or manifest; {@code target} itself if there is nothing to do
   * @throws InvalidArgumentException if it is no image, or contradicts itself
   * @throws ResourceExhaustedException if a limit is reached
   */
  @Deadline(Deadline.UNBOUNDED)
  Descriptor convert(Descriptor target, ImageSource.Repository from, ContentStore content);

  /**
   * Whether a stream is an archive of this format.
   *
   * @param beginning its first bytes as they are: {@link #BEGINNING} of them, or all
   */
  default boolean recognises(byte[] beginning) {
    return false;
  }

  /**
   * Takes an archive apart that was recognised, to its end.
   *
   * @return the index of its images, with names as {@link ImageArchive#read} gives them; every blob
   *     is in {@code content}
   * @throws InvalidArgumentException if it is no archive of images, or contradicts itself
   * @throws DataLossException if it is damaged or ends too early
   * @throws ResourceExhaustedException if a limit is reached
   */
  @Deadline(Deadline.UNBOUNDED)
  default Descriptor read(InputStream archive, ContentStore content) {
    throw new UnimplementedException("image archive: this format has none");
  }
}
