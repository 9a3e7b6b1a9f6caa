package dev.carafe.plugin.verifier.bindir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.images.ImageName;
import dev.carafe.spi.images.ImageVerifier.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class BindirVerifierTest {
  private static final ImageName NAME = ImageName.parse("r.example/team/app:v1");
  private static final Descriptor TARGET =
      new Descriptor(
          "application/vnd.oci.image.index.v1+json", Digest.of("index".getBytes()), 1234);

  @TempDir Path directory;
  private Path bin = Path.of("");

  @BeforeEach
  void prepare() throws IOException {
    bin = Files.createDirectory(directory.resolve("bin"));
    Files.setPosixFilePermissions(bin, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Path program(String name, String... lines) throws IOException {
    Path program = bin.resolve(name);
    Files.writeString(program, "#!/bin/sh\n" + String.join("\n", lines) + "\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    return program;
  }

  private Verdict verify(int most, Duration atMost) {
    try (BindirVerifier verifier = new BindirVerifier(new BindirConfig(bin, most, atMost))) {
      return verifier.verify(NAME, TARGET);
    }
  }

  private Verdict verify() {
    return verify(10, Duration.ofSeconds(20));
  }

  @Test
  void aDirectoryThatIsMissingOrEmptyAllows() throws IOException {
    assertTrue(verify().ok());
    Files.delete(bin);
    assertTrue(verify().ok());
  }

  @Test
  void aProgramGetsNameDigestAndDescriptor() throws IOException {
    Path seen = directory.resolve("seen");
    program("v", "echo \"$@\" > " + seen, "cat >> " + seen, "echo looks good");

    assertEquals(new Verdict(true, "v: looks good"), verify());

    assertEquals(
        "-name r.example/team/app:v1 -digest "
            + TARGET.digest()
            + " -stdin-media-type application/vnd.oci.descriptor.v1+json\n"
            + "{\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"digest\":\""
            + TARGET.digest()
            + "\",\"size\":1234}",
        Files.readString(seen));
  }

  @Test
  void oneRefusalIsEnoughAndEndsTheRound() throws IOException {
    Path seen = directory.resolve("seen");
    program("a", "exit 0");
    program("b", "echo unsigned; exit 3");
    program("c", "touch " + seen);

    assertEquals(new Verdict(false, "b: unsigned (exit code 3)"), verify());
    assertFalse(Files.exists(seen));
  }

  @Test
  void programsAreRunInTheOrderOfTheirNames() throws IOException {
    program("20", "echo two");
    program("10", "echo one");

    assertEquals("10: one, 20: two", verify().reason());
  }

  @Test
  void noMoreThanTheLimitAreRun() throws IOException {
    program("a", "exit 0");
    program("b", "exit 1");

    assertTrue(verify(1, Duration.ofSeconds(20)).ok());
    assertTrue(verify(0, Duration.ofSeconds(20)).ok());
    assertFalse(verify(-1, Duration.ofSeconds(20)).ok());
  }

  @Test
  void aProgramThatHangsGivesNoVerdict() throws IOException {
    program("v", "sleep 1000 & wait");

    DeadlineExceededException failure =
        assertThrows(DeadlineExceededException.class, () -> verify(10, Duration.ofMillis(300)));

    assertTrue(failure.getMessage().contains("/v\": no verdict in 300 ms"), failure.getMessage());
  }

  @Test
  void aProgramThatDiesIsARefusal() throws IOException {
    program("v", "kill -9 $$");

    assertEquals(new Verdict(false, "v:  (killed by signal 9)"), verify());
  }

  @Test
  void aReasonIsCut() throws IOException {
    program("v", "head -c 3000000 /dev/zero | tr '\\0' x; exit 1");

    assertTrue(verify().reason().length() < 17_000);
  }

  @Test
  void aProgramThatOthersCanReplaceIsNoGap() throws IOException {
    Path program = program("v", "exit 0");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThrows(FailedPreconditionException.class, this::verify);

    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rw-r--r--"));
    assertThrows(FailedPreconditionException.class, this::verify);

    Files.delete(program);
    Files.createDirectory(program);
    assertThrows(FailedPreconditionException.class, this::verify);
  }

  @Test
  void whatCannotBeExecutedIsNoGap() throws IOException {
    Path program = program("v");
    Files.writeString(program, "#!/no/such/interpreter\n");

    assertThrows(FailedPreconditionException.class, this::verify);
  }

  @Test
  void aReloadNamesAnotherDirectory() throws IOException {
    program("v", "exit 1");
    try (BindirVerifier verifier = new BindirVerifier(BindirConfig.DEFAULT)) {
      verifier.reload(new BindirConfig(bin, 10, Duration.ofSeconds(20)));

      assertFalse(verifier.verify(NAME, TARGET).ok());
    }
  }

  @Test
  void theDefaultsAreContainerds() {
    assertEquals(
        new BindirConfig(Path.of("/opt/containerd/image-verifier/bin"), 10, Duration.ofSeconds(10)),
        BindirConfig.DEFAULT);
    assertThrows(
        InvalidArgumentException.class,
        () -> new BindirConfig(Path.of("x"), 10, Duration.ofSeconds(10)));
    assertThrows(InvalidArgumentException.class, () -> new BindirConfig(bin, 10, Duration.ZERO));
    assertThrows(
        InvalidArgumentException.class, () -> new BindirConfig(bin, -2, Duration.ofSeconds(10)));
  }
}
