package dev.carafe.spi.images;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.PermissionDeniedException;
import dev.carafe.spi.errors.UnauthenticatedException;
import dev.carafe.spi.errors.UnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/**
 * A place that takes an image, reached: the other direction of {@link ImageSource.Repository}.
 * Thread-safe; keeps tokens and connections for the life of a push. Bounds its own waits: by time
 * where it waits for an answer, by progress where bytes flow.
 *
 * <p>The daemon hands over blobs first, then manifests from the leaves up, the named one last: what
 * has a name is complete.
 */
public interface ImageDestination extends AutoCloseable {
  /** What had to be done for a blob to be there. */
  enum Outcome {
    EXISTED,
    /** Taken over from another repository of the same place. */
    MOUNTED,
    UPLOADED
  }

  /** A blob's bytes; may be opened more than once, each time by one reader. */
  @FunctionalInterface
  interface Content {
    /** The bytes from {@code offset} to the end. The caller closes the stream. */
    InputStream open(long offset) throws IOException;
  }

  /**
   * Makes sure that a blob is there: finds it, takes it over, or sends it. Retries what is worth
   * retrying, and goes on where a broken transfer stopped where the place allows it.
   *
   * @param elsewhere other repositories of the same place that may have the blob, best first
   * @throws UnauthenticatedException if credentials are missing or wrong
   * @throws PermissionDeniedException if they do not suffice
   * @throws UnavailableException if the place cannot be reached or breaks off
   */
  Outcome push(Descriptor blob, Content content, List<String> elsewhere);

  /**
   * Puts a manifest or index; everything that it refers to was pushed before.
   *
   * @param named whether it gets the name that the destination was opened with, beside its digest
   * @return {@link Outcome#EXISTED} or {@link Outcome#UPLOADED}
   * @throws NotFoundException if the place misses something that the manifest refers to
   */
  Outcome push(Descriptor manifest, byte[] bytes, boolean named);

  /** Breaks off what is under way, and does not wait for it. */
  @Override
  void close();
}
