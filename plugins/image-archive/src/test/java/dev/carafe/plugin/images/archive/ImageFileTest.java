package dev.carafe.plugin.images.archive;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.images.ImageFile;
import dev.carafe.spi.images.ImageLocation;
import dev.carafe.spi.images.ImageName;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How files are named, and that nothing else is taken for one. */
final class ImageFileTest {
  @Test
  void aFileIsTransportPathAndImage() {
    assertEquals(new ImageFile("oci", Path.of("/a/b"), "tag"), ImageFile.parse("oci:/a/b:tag"));
    assertEquals(
        new ImageFile("docker-archive", Path.of("/a.tar"), "r.example:5000/app:v1"),
        ImageLocation.parse("docker-archive:/a.tar:r.example:5000/app:v1"));
    assertEquals(
        new ImageFile("oci-archive", Path.of("/a.tar"), ""),
        ImageLocation.normalize("oci-archive:/a.tar"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"oci:/a/b:tag", "docker-archive:/a.tar:r.example:5000/app:v1", "x:/a"})
  void whatAFileIsCalledNamesIt(String text) {
    assertEquals(text, ImageFile.parse(text).toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "oci:/",
        "oci:/a//b",
        "oci:/a/",
        "oci:/a/../etc",
        "oci:/./a",
        "oci:/a:",
        "oci:/a\n:tag",
        "oci:/a b",
        "oci:/a:t\u0000",
        "docker:/a",
        "docker://r.example/app"
      })
  void whatIsNotWellFormedIsRefused(String text) {
    assertThrows(InvalidArgumentException.class, () -> ImageLocation.parse(text));
    assertThrows(InvalidArgumentException.class, () -> ImageLocation.normalize(text));
  }

  @Test
  void whatIsLongIsRefused() {
    assertThrows(InvalidArgumentException.class, () -> ImageFile.parse("oci:/" + "a".repeat(1100)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"busybox", "r.example:5000/app:v1", "localhost:80/a", "oci/a:b", "a/b"})
  void namesAtRegistriesAreNoFiles(String text) {
    assertInstanceOf(ImageName.class, ImageLocation.normalize(text));
  }
}
