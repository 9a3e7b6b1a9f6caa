package dev.carafe.spi.images;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.OutOfRangeException;
import dev.carafe.spi.errors.PermissionDeniedException;
import dev.carafe.spi.errors.UnauthenticatedException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.plugins.Deadline;
import dev.carafe.spi.plugins.Direct;
import java.io.InputStream;
import java.util.Set;

/**
 * Fetches images from some kinds of places, and puts images there where the place takes them.
 * Retries what is worth retrying; verifies nothing: the daemon checks size and digest.
 *
 * <p>The daemon guarantees: it opens locations of {@link #transports} only, and closes what you
 * opened.
 *
 * <p>You guarantee: credentials go to the hosts that they are for, and into no message; every wait
 * is bounded.
 */
public interface ImageSource {
  /**
   * The transports of the locations that this source opens; no two sources have the same. Never
   * changes.
   */
  @Direct
  default Set<String> transports() {
    return Set.of(ImageName.TRANSPORT);
  }

  /**
   * Finds out what a location stands for.
   *
   * @param location of one of {@link #transports}
   * @throws InvalidArgumentException if it is of another one, or not well-formed for its own
   * @throws PermissionDeniedException if the configuration does not allow the place
   * @throws NotFoundException if the source has no such image
   * @throws UnauthenticatedException if credentials are missing or wrong
   * @throws UnavailableException if no host answered; the message names each with its reason
   */
  @Deadline(120)
  Repository open(ImageLocation location, SourceOptions options);

  /**
   * Reaches the place where an image of this name is put.
   *
   * @throws UnimplementedException if this source takes no images
   * @throws FailedPreconditionException if it is configured to take none there
   */
  @Deadline(120)
  default ImageDestination destination(ImageName name, SourceOptions options) {
    throw new UnimplementedException("image \"" + name + "\": its source takes no images");
  }

  /**
   * An image's repository, reached. Thread-safe; keeps tokens and connections for the life of a
   * pull.
   */
  interface Repository extends AutoCloseable {
    /** What the location stands for. */
    Descriptor target();

    /**
     * Opens a blob or manifest at {@code offset}, which may be past 0 to resume; the stream yields
     * from exactly there to the end. A connection that breaks is taken up again inside the stream
     * where the source allows it.
     *
     * @throws NotFoundException if the source does not have it
     * @throws OutOfRangeException if the offset is negative or past the end
     */
    @Deadline(120)
    InputStream fetch(Descriptor descriptor, long offset);

    @Override
    void close();
  }
}
