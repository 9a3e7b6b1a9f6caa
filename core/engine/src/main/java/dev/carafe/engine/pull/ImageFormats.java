package dev.carafe.engine.pull;

import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.images.ImageArchive;
import dev.carafe.spi.images.ImageFormat;
import dev.carafe.spi.images.ImageSource.Repository;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** The formats that are running: what images may be, and what becomes of them on the way in. */
public final class ImageFormats {
  private final Map<String, ImageFormat> formats;

  /**
   * @param formats by id; may be a live view, in which the first that claims a media type is taken
   * @throws FailedPreconditionException if two claim the same media type
   */
  public ImageFormats(Map<String, ImageFormat> formats) {
    this.formats = formats;
    Map<String, String> owners = new TreeMap<>();
    new TreeMap<>(formats)
        .forEach((id, format) -> {
          for (String mediaType : format.mediaTypes()) {
            String other = owners.putIfAbsent(mediaType, id);
            if (other != null) {
              throw new FailedPreconditionException(
                  "image formats " + other + " and " + id + ": both claim " + mediaType);
            }
          }
        });
  }

  /**
   * The image as the daemon keeps it: an index or manifest.
   *
   * @throws InvalidArgumentException if no format claims it
   */
  Descriptor convert(Descriptor target, Repository from, ContentStore content) {
    for (ImageFormat format : formats.values()) {
      if (format.mediaTypes().contains(target.mediaType())) {
        return format.convert(target, from, content);
      }
    }
    throw new InvalidArgumentException(
        "image "
            + target.digest()
            + ": media type \""
            + target.mediaType()
            + "\" is of no image format here, there are "
            + new TreeSet<>(formats.keySet()));
  }

  /**
   * Takes an archive apart: as the first format does that recognises it, else as {@code usual}
   * does.
   */
  public Descriptor read(
      InputStream archive, boolean compress, ContentStore content, ImageArchive usual) {
    BufferedInputStream in = new BufferedInputStream(archive, ImageFormat.BEGINNING);
    byte[] beginning = beginning(in);
    for (ImageFormat format : new TreeMap<>(formats).values()) {
      if (format.recognises(beginning)) {
        return format.read(in, content);
      }
    }
    return usual.read(in, compress, content);
  }

  private static byte[] beginning(BufferedInputStream in) {
    try {
      in.mark(ImageFormat.BEGINNING);
      byte[] beginning = in.readNBytes(ImageFormat.BEGINNING);
      in.reset();
      return beginning;
    } catch (EOFException e) {
      throw new DataLossException("image archive: ends too early", e);
    } catch (IOException e) {
      boolean cancelled =
          Thread.currentThread().isInterrupted()
              || (e instanceof InterruptedIOException && !(e instanceof SocketTimeoutException));
      throw cancelled
          ? new CancelledException("image archive: cancelled", e)
          : new UnavailableException("image archive: cannot be read: " + e.getMessage(), e);
    }
  }
}
