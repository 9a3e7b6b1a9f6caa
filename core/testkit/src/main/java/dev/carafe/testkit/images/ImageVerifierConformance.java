package dev.carafe.testkit.images;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.images.ImageName;
import dev.carafe.spi.images.ImageVerifier;
import dev.carafe.spi.images.ImageVerifier.Verdict;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.Race;
import dev.carafe.testkit.WorkDirectory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The contract of {@link ImageVerifier} as tests. Subclass it and say how to open yours. Every
 * check has an id that is never used for another.
 */
@Timeout(60)
@ExtendWith(LeakCheck.class)
public abstract class ImageVerifierConformance {
  private static final ImageName NAME = ImageName.parse("registry.example/some/image:tag");

  /** What a verifier is told to think. */
  public enum Policy {
    /** Every image is right. */
    ACCEPT,
    /** The images of {@code registry.example/some/image} with {@link #digest} are right. */
    ONLY_ONE,
    /** No image is right. */
    REFUSE,
    /** It cannot judge: its policy is damaged, its helper does not start. */
    BROKEN,
    /** It thinks for ever. */
    HANG
  }

  /** Opens a verifier. */
  protected abstract ImageVerifier open(Path directory, Policy policy) throws Exception;

  /** The image that {@link Policy#ONLY_ONE} is about. */
  protected static Digest digest() {
    return Digest.of("the image".getBytes(StandardCharsets.UTF_8));
  }

  private ImageVerifier open(WorkDirectory work, Policy policy) throws Exception {
    ImageVerifier verifier = open(work.path(), policy);
    if (verifier instanceof AutoCloseable closeable) {
      work.closeLater(closeable);
    }
    return verifier;
  }

  private static Descriptor target(Digest digest) {
    return new Descriptor("application/vnd.oci.image.index.v1+json", digest, 100);
  }

  @Test
  @DisplayName("VERIFY-01 what is right is accepted")
  void accepts(WorkDirectory work) throws Exception {
    assertTrue(open(work, Policy.ACCEPT).verify(NAME, target(digest())).ok());
  }

  @Test
  @DisplayName("VERIFY-02 what is wrong is refused, with a reason")
  void refuses(WorkDirectory work) throws Exception {
    Verdict verdict = open(work, Policy.REFUSE).verify(NAME, target(digest()));
    assertFalse(verdict.ok());
    assertFalse(verdict.reason().isBlank());
  }

  @Test
  @DisplayName("VERIFY-03 name and digest decide")
  void judges(WorkDirectory work) throws Exception {
    ImageVerifier verifier = open(work, Policy.ONLY_ONE);
    assertTrue(verifier.verify(NAME, target(digest())).ok());
    assertFalse(verifier.verify(NAME, target(Digest.of(new byte[] {1}))).ok());
    assertFalse(
        verifier
            .verify(ImageName.parse("registry.example/other/image:tag"), target(digest()))
            .ok());
  }

  @Test
  @DisplayName("VERIFY-04 whatever a descriptor says is taken")
  void annotated(WorkDirectory work) throws Exception {
    Descriptor odd =
        new Descriptor("", digest(), 0, Map.of("a\nb", "\u0000\"'$(x)", "", "-digest"));
    assertTrue(open(work, Policy.ACCEPT).verify(NAME, odd).ok());
  }

  @Test
  @DisplayName("VERIFY-05 one that cannot judge does not accept")
  void broken(WorkDirectory work) throws Exception {
    ImageVerifier verifier = open(work, Policy.BROKEN);
    try {
      assertFalse(verifier.verify(NAME, target(digest())).ok());
    } catch (DaemonException e) {
      assertFalse(String.valueOf(e.getMessage()).isBlank());
    }
  }

  @Test
  @DisplayName("VERIFY-06 an interrupt ends a judgement, which is then none")
  void interrupted(WorkDirectory work) throws Exception {
    ImageVerifier verifier = open(work, Policy.HANG);
    Thread.currentThread().interrupt();
    try {
      assertThrows(DaemonException.class, () -> verifier.verify(NAME, target(digest())));
    } finally {
      assertTrue(Thread.interrupted(), "the flag is kept");
    }
  }

  @Test
  @DisplayName("VERIFY-07 many are judged at once")
  void concurrent(WorkDirectory work) throws Exception {
    ImageVerifier verifier = open(work, Policy.ONLY_ONE);
    List<Callable<Boolean>> calls = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      boolean right = i % 2 == 0;
      calls.add(() ->
          right
              == verifier.verify(NAME, target(right ? digest() : Digest.of(new byte[] {2}))).ok());
    }
    for (Race.Outcome<Boolean> outcome : Race.run(calls)) {
      assertEquals(Boolean.TRUE, outcome.value());
    }
  }

  @Test
  @DisplayName("VERIFY-08 where nothing is known of the pull, name and digest still decide")
  void unknown(WorkDirectory work) throws Exception {
    ImageVerifier verifier = open(work, Policy.ONLY_ONE);
    assertTrue(verifier.verify(NAME, target(digest()), ImageVerifier.Pull.UNKNOWN).ok());
    assertFalse(
        verifier.verify(NAME, target(Digest.of(new byte[] {3})), ImageVerifier.Pull.UNKNOWN).ok());
  }
}
