package dev.carafe.spi.images;

import dev.carafe.spi.errors.InvalidArgumentException;

/** Where an image is: at a registry, or in a file or directory of this machine. */
public sealed interface ImageLocation permits ImageName, ImageFile {
  /** The kind of place: what comes before the path, and what a source is chosen by. */
  String transport();

  /**
   * Reads a full name at a registry, or a file.
   *
   * @throws InvalidArgumentException if it is neither
   */
  static ImageLocation parse(String text) {
    return ImageFile.isFile(text) ? ImageFile.parse(text) : ImageName.parse(text);
  }

  /** The same, with a registry's name as a person types it. */
  static ImageLocation normalize(String text) {
    return ImageFile.isFile(text) ? ImageFile.parse(text) : ImageName.normalize(text);
  }
}
