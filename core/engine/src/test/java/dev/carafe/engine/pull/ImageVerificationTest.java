package dev.carafe.engine.pull;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.PermissionDeniedException;
import dev.carafe.spi.images.ImageName;
import dev.carafe.spi.images.ImageVerifier;
import dev.carafe.spi.images.ImageVerifier.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ImageVerificationTest {
  private static final ImageName NAME = ImageName.parse("r.example/app:v1");
  private static final Descriptor TARGET =
      new Descriptor("application/vnd.oci.image.index.v1+json", Digest.of(new byte[] {1}), 10);

  private static void check(Map<String, ImageVerifier> verifiers) {
    new ImageVerification(verifiers, Map.of(), List.of())
        .check(NAME, TARGET, ImageVerifier.Pull.UNKNOWN);
  }

  @Test
  void withoutVerifiersEveryImageIsFine() {
    ImageVerification.NONE.check(NAME, TARGET, ImageVerifier.Pull.UNKNOWN);
  }

  @Test
  void allAreAskedInTheOrderOfTheirIds() {
    List<String> asked = new ArrayList<>();
    check(
        Map.of(
            "b",
            (name, target) -> {
              asked.add("b " + name + " " + target.size());
              return new Verdict(true, "");
            },
            "a",
            (name, target) -> {
              asked.add("a");
              return new Verdict(true, "fine");
            }));
    assertEquals(List.of("a", "b " + NAME + " 10"), asked);
  }

  @Test
  void whileOneCouldNotBeMadeNothingIsGood() {
    FailedPreconditionException refusal =
        assertThrows(
            FailedPreconditionException.class,
            () ->
                new ImageVerification(
                        Map.of("a", (name, target) -> new Verdict(true, "fine")),
                        Map.of("b", "no\nlicence"),
                        List.of())
                    .check(NAME, TARGET, ImageVerifier.Pull.UNKNOWN));
    assertEquals(
        "image verifier b, image \"r.example/app:v1\" with digest "
            + TARGET.digest()
            + ": no verdict: it could not be made: no licence",
        refusal.getMessage());
  }

  @Test
  void oneRefusalIsEnoughAndSaysWhoWhatAndWhy() {
    PermissionDeniedException refusal =
        assertThrows(
            PermissionDeniedException.class,
            () ->
                check(
                    Map.of(
                        "a",
                        (name, target) -> new Verdict(true, ""),
                        "b",
                        (name, target) -> new Verdict(false, "not\nsigned\u001b[0m"))));
    assertEquals(
        "image verifier b, image \"r.example/app:v1\" with digest "
            + TARGET.digest()
            + ": refused: not signed [0m",
        refusal.getMessage());
  }

  @Test
  void aVerifierThatGivesNoVerdictIsNoConsent() {
    ImageVerifier mute =
        (name, target) -> {
          throw new DeadlineExceededException("too slow");
        };
    FailedPreconditionException refusal =
        assertThrows(FailedPreconditionException.class, () -> check(Map.of("a", mute)));
    assertEquals(
        "image verifier a, image \"r.example/app:v1\" with digest "
            + TARGET.digest()
            + ": no verdict: too slow",
        refusal.getMessage());
  }

  @Test
  void aCancelStaysACancel() {
    ImageVerifier cancelled =
        (name, target) -> {
          throw new CancelledException("gone");
        };
    assertThrows(CancelledException.class, () -> check(Map.of("a", cancelled)));
  }
}
