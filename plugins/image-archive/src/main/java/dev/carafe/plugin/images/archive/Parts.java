package dev.carafe.plugin.images.archive;

import dev.carafe.plugin.images.archive.Blobs.Stored;
import java.io.IOException;

/** Where the parts of an image of Docker's are, and where goes what it lacks. */
interface Parts {
  /** What has a name in the archive. */
  Stored find(String path) throws IOException;

  Stored store(String name, byte[] bytes) throws IOException;

  byte[] read(Stored part, int limit) throws IOException;

  Packing packing(Stored part) throws IOException;

  /** A layer as the image gets it, which is not packed in the archive. */
  Stored kept(String name, Stored plain) throws IOException;
}
