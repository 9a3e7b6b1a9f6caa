package dev.carafe.metadata.mapdb;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Every call that changes files, so that tests can fail, kill and tear each of them. Nothing is
 * durable before the call that says so.
 */
interface Disk {
  /** Creates the file, or empties it. */
  Output create(Path path) throws IOException;

  /** Opens an existing file. */
  Output open(Path path) throws IOException;

  /** Opens an existing file; what {@link Output#write} wrote is durable when it returns. */
  Output openDurable(Path path) throws IOException;

  /** Makes the content and size of a file durable. */
  void sync(Path path) throws IOException;

  /** Makes creations, renames and deletions in a directory durable. */
  void syncDirectory(Path directory) throws IOException;

  /** Replaces {@code to}. */
  void rename(Path from, Path to) throws IOException;

  void deleteIfExists(Path path) throws IOException;

  /** A file open for writing. An interrupt of the thread does not disturb it. */
  interface Output extends Closeable {
    void write(long position, byte[] bytes, int length) throws IOException;

    /** Cuts the file to {@code length} bytes. */
    void truncate(long length) throws IOException;

    void sync() throws IOException;
  }
}
