package dev.carafe.engine.pull;

import dev.carafe.oci.ImageDocument;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.errors.FailedPreconditionException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * A blob on its way, no longer than it was announced: whoever sends it may send for ever. One that
 * does not say its size may be as long as a document.
 */
final class SizedInput extends FilterInputStream {
  private final Descriptor descriptor;
  private long left;

  /**
   * @param offset what {@code in} leaves out
   */
  SizedInput(InputStream in, Descriptor descriptor, long offset) {
    super(in);
    this.descriptor = descriptor;
    this.left = (descriptor.size() == 0 ? ImageDocument.LIMIT : descriptor.size()) - offset;
  }

  @Override
  public int read() throws IOException {
    int next = in.read();
    took(next < 0 ? 0 : 1);
    return next;
  }

  /**
   * @throws FailedPreconditionException if too much comes
   */
  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    int read = in.read(bytes, offset, length);
    took(Math.max(0, read));
    return read;
  }

  private void took(int bytes) {
    left -= bytes;
    if (left < 0) {
      throw new FailedPreconditionException(
          BlobFetcher.pieceName(descriptor)
              + ": more comes than the "
              + descriptor.size()
              + " bytes that were announced");
    }
  }

  @Override
  public boolean markSupported() {
    return false;
  }
}
