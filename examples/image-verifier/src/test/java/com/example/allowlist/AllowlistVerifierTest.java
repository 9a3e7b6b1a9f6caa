package com.example.allowlist;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.images.ImageName;
import dev.carafe.spi.images.ImageVerifier.Pull;
import dev.carafe.spi.images.ImageVerifier.Verdict;
import dev.carafe.spi.images.SourceOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AllowlistVerifierTest {
  private static final byte[] DOCUMENT =
      "{\"annotations\":{\"org.example.approved\":\"yes\"}}".getBytes(StandardCharsets.UTF_8);
  private static final Descriptor TARGET =
      new Descriptor(
          "application/vnd.oci.image.manifest.v1+json", Digest.of(DOCUMENT), DOCUMENT.length);
  private static final Pull PULL = new Pull(List.of(), SourceOptions.DEFAULT, _ -> DOCUMENT);

  @TempDir private Path directory;

  private Verdict verdict(String image, String list) throws Exception {
    Path file = Files.writeString(directory.resolve("allowed"), list);
    return new AllowlistVerifier(file).verify(ImageName.parse(image), TARGET, PULL);
  }

  @Test
  void theFirstRuleAboutANameDecides() throws Exception {
    String list = "a.example/x:1 digest=" + Digest.of(new byte[0]) + "\na.example/*\n";
    assertFalse(verdict("a.example/x:1", list).ok());
    assertTrue(verdict("a.example/y:1", list).ok());
    assertEquals(
        "image b.example/y:1 is not on the list", verdict("b.example/y:1", list).reason());
  }

  @Test
  void anAnnotationOfTheManifestMayBeAskedFor() throws Exception {
    assertTrue(verdict("a.example/x:1", "a.example/* annotation:org.example.approved=yes").ok());
    assertFalse(verdict("a.example/x:1", "a.example/* annotation:org.example.approved=no").ok());
    assertFalse(verdict("a.example/x:1", "a.example/* annotation:org.example.other=yes").ok());
  }

  @Test
  void withoutAListNothingIsAllowed() {
    var verifier = new AllowlistVerifier(directory.resolve("missing"));
    assertFalse(verifier.verify(ImageName.parse("a.example/x:1"), TARGET, PULL).ok());
  }
}
