package dev.carafe.plugin.images.archive;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.OutOfRangeException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.images.ImageFile;
import dev.carafe.spi.images.ImageSource;
import java.io.IOException;
import java.io.InputStream;

/** An image of an OCI layout. */
final class LayoutImage implements ImageSource.Repository {
  private final Members members;
  private final ImageFile file;
  private final Descriptor target;

  /** Takes the layout over, if this succeeds. */
  LayoutImage(Members members, ImageFile file) throws IOException {
    this.members = members;
    this.file = file;
    try {
      Layout.check(document(members, ArchiveReader.LAYOUT));
      this.target = Layout.choose(document(members, ArchiveReader.INDEX), file);
    } catch (NotFoundException e) {
      throw new NotFoundException("\"" + file + "\": " + e.getMessage(), e);
    }
  }

  static byte[] document(Members members, String name) throws IOException {
    try (InputStream in = members.open(name, 0)) {
      byte[] bytes = in.readNBytes(ArchiveReader.JSON_LIMIT + 1);
      if (bytes.length > ArchiveReader.JSON_LIMIT) {
        throw new ResourceExhaustedException(
            "image archive: "
                + name
                + " is larger than the limit of "
                + ArchiveReader.JSON_LIMIT
                + " bytes");
      }
      return bytes;
    }
  }

  @Override
  public Descriptor target() {
    return target;
  }

  @Override
  public InputStream fetch(Descriptor descriptor, long offset) {
    if (offset < 0 || offset > descriptor.size()) {
      throw new OutOfRangeException(
          "\"" + file + "\": " + descriptor.digest() + ": offset " + offset + " is outside of it");
    }
    String name = "blobs/" + descriptor.digest().algorithm() + "/" + descriptor.digest().hex();
    try {
      return members.open(name, offset);
    } catch (NotFoundException e) {
      throw new NotFoundException("\"" + file + "\": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new UnavailableException("\"" + file + "\": " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    members.close();
  }
}
