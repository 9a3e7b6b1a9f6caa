package dev.carafe.engine.pull;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.images.ImageSource;
import java.io.InputStream;

/** The source of an image that is here: what is missing is missing. */
record NowhereElse(Descriptor target) implements ImageSource.Repository {
  @Override
  public InputStream fetch(Descriptor descriptor, long offset) {
    throw new NotFoundException("content " + descriptor.digest() + ": not found");
  }

  @Override
  public void close() {}
}
