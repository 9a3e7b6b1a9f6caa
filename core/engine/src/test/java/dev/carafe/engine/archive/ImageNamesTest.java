package dev.carafe.engine.archive;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ImageNamesTest {
  private static final Digest DIGEST = Digest.of(new byte[0]);

  private static Descriptor image(Map<String, String> annotations) {
    return new Descriptor("application/vnd.oci.image.manifest.v1+json", DIGEST, 0, annotations);
  }

  private static Descriptor full(String name) {
    return image(Map.of(ImageNames.NAME, name));
  }

  private static Descriptor tagged(String tag) {
    return image(Map.of(ImageNames.REF_NAME, tag));
  }

  private static ImageReference prefix(String name, boolean overwrite) {
    return new ImageReference(name, true, overwrite, false, false);
  }

  private static List<String> names(Descriptor image, ImageReference... references) {
    return ImageNames.ofArchived(image, List.of(references), true);
  }

  @Test
  void aFullNameCountsWhereThePrefixLetsIt() {
    assertEquals(List.of("a.b/c:1"), names(full("a.b/c:1"), prefix("import-today", true)));
    assertEquals(List.of(), names(full("a.b/c:1"), prefix("import-today", false)));
    assertEquals(List.of("a.b/c:1"), names(full("a.b/c:1"), prefix("a.b/c", false)));
    assertEquals(List.of("a.b/c/d:1"), names(full("a.b/c/d:1"), prefix("a.b/c", false)));
    assertEquals(List.of(), names(full("a.b/cc:1"), prefix("a.b/c", false)));
  }

  @Test
  void aTagIsPutBehindThePrefix() {
    assertEquals(List.of("a.b/c:v1"), names(tagged("v1"), prefix("a.b/c", false)));
    assertEquals(List.of("x/y:1"), names(tagged("x/y:1"), prefix("a.b/c", true)));
  }

  @Test
  void withoutAPrefixAnArchiveNamesNothing() {
    assertEquals(List.of(), names(full("a.b/c:1")));
    assertEquals(
        List.of(), names(full("a.b/c:1"), new ImageReference("x:1", false, true, false, false)));
  }

  @Test
  void aCheckpointHasNoNameOfItsOwn() {
    ImageReference digests = new ImageReference("a.b/c", true, true, true, true);
    assertEquals(
        List.of("a.b/c@" + DIGEST),
        ImageNames.ofArchived(full("docker.io/library/nginx:latest"), List.of(digests), false));
  }

  @Test
  void digestsAreAddedOrStandIn() {
    ImageReference always = new ImageReference("a.b/c", true, true, true, false);
    ImageReference standIn = new ImageReference("a.b/c", true, true, true, true);
    assertEquals(List.of("a.b/c:v", "a.b/c@" + DIGEST), names(tagged("v"), always));
    assertEquals(List.of("a.b/c:v"), names(tagged("v"), standIn));
    assertEquals(List.of("a.b/c@" + DIGEST), names(image(Map.of()), standIn));
  }

  @Test
  void oddNamesAreRefused() {
    for (String odd : List.of("a\nb", "a b", "x".repeat(2000))) {
      assertThrows(InvalidArgumentException.class, () -> names(full(odd), prefix("a", true)), odd);
    }
  }

  @Test
  void aTargetGetsAllThatIsComplete() {
    Descriptor target = image(Map.of());
    assertEquals(
        List.of("n:1", "m:1", "p@" + DIGEST),
        ImageNames.ofTarget(
            "n:1",
            target,
            List.of(
                new ImageReference("m:1", false, false, false, false),
                new ImageReference("q", true, false, false, false),
                new ImageReference("p", true, false, true, true))));
  }
}
