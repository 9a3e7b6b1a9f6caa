package dev.carafe.plugin.images.archive;

import dev.carafe.spi.errors.NotFoundException;
import java.io.IOException;
import java.io.InputStream;

/** An OCI layout at rest, whichever way its files are kept. Thread-safe. */
interface Members extends AutoCloseable {
  /**
   * A file's bytes from {@code offset} to its end.
   *
   * @throws NotFoundException if there is no such file
   */
  InputStream open(String name, long offset) throws IOException;

  @Override
  void close();
}
