package dev.carafe.spi.images;

import dev.carafe.spi.content.ContentReader;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.plugins.Deadline;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Images as one stream of bytes: a format that tools exchange in files.
 *
 * <p>An archive is hostile: names in it are looked up and never opened, documents, entries and the
 * gain of compression are bounded, and a blob under a digest has it.
 *
 * <p>The daemon guarantees: it closes the streams; blobs that are written are held for the caller.
 *
 * <p>You guarantee: many archives at once.
 */
public interface ImageArchive {
  /**
   * Takes an archive apart, in one pass to its end: every blob goes into {@code content}.
   *
   * @param compress whether layers that are not compressed become so, in images that bring no
   *     manifest; one that does keeps its digest
   * @param content holds what is written on behalf of the caller
   * @return the index of the archive's images, itself a blob (OCI image layout, "index.json"); its
   *     descriptors carry names as the annotations {@code io.containerd.image.name} and {@code
   *     org.opencontainers.image.ref.name}
   * @throws InvalidArgumentException if it is no archive of images, or contradicts itself
   * @throws DataLossException if it is damaged or ends too early
   * @throws ResourceExhaustedException if a limit is reached
   */
  @Deadline(Deadline.UNBOUNDED)
  Descriptor read(InputStream archive, boolean compress, ContentStore content);

  /**
   * Puts an archive together.
   *
   * @throws NotFoundException if a blob is missing
   * @throws DataLossException if a blob has not its digest any more
   */
  @Deadline(Deadline.UNBOUNDED)
  void write(Contents contents, ContentReader content, OutputStream archive);

  /**
   * What goes into an archive.
   *
   * @param blobs all of them, each once
   * @param compatible whether tools that know only Docker's format find the images, too
   */
  record Contents(List<Entry> images, List<Descriptor> blobs, boolean compatible) {
    public Contents {
      images = List.copyOf(images);
      blobs = List.copyOf(blobs);
    }
  }

  /**
   * One image.
   *
   * @param target index or manifest
   * @param main the manifest that stands for it where there can be only one; null if none does
   */
  record Entry(String name, Descriptor target, @Nullable Descriptor main) {}
}
