package dev.carafe.plugin.images.archive;

import dev.carafe.spi.content.ContentReader;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.images.ImageArchive;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.util.zip.ZipException;

/** Both directions, with failures in the daemon's words. */
final class TarImageArchive implements ImageArchive {
  private final ImageArchiveConfig config;
  private final Zstd zstd;

  TarImageArchive(ImageArchiveConfig config, Zstd zstd) {
    this.config = config;
    this.zstd = zstd;
  }

  @Override
  public Descriptor read(InputStream archive, boolean compress, ContentStore content) {
    try {
      InputStream plain = Unpacked.open(archive, config, zstd);
      TarEntries entries = new TarEntries(plain, config);
      return new ArchiveReader(entries, new Blobs(content), compress).read();
    } catch (EOFException | ZipException e) {
      throw new DataLossException("image archive: " + words(e), e);
    } catch (IOException e) {
      throw failure("image archive: cannot be read: ", e);
    }
  }

  @Override
  public void write(Contents contents, ContentReader content, OutputStream archive) {
    try {
      new ArchiveWriter(content, archive).write(contents);
      archive.flush();
    } catch (IOException e) {
      throw failure("image archive: cannot be written: ", e);
    }
  }

  private static RuntimeException failure(String what, IOException e) {
    boolean cancelled =
        Thread.currentThread().isInterrupted()
            || (e instanceof InterruptedIOException && !(e instanceof SocketTimeoutException));
    return cancelled
        ? new CancelledException("image archive: cancelled", e)
        : new UnavailableException(what + words(e), e);
  }

  private static String words(IOException e) {
    String message = e.getMessage();
    return message == null ? "ends too early" : message;
  }
}
