package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Layers that only configured programs can open. */
@ExtendWith(LeakCheck.class)
class StreamProcessorIT {
  private static final String TAR = "application/vnd.oci.image.layer.v1.tar";

  private static ImageStock.Stocked sealed() {
    return ImageStock.pushed(
        "sealed",
        () ->
            TestImage.of(
                ImageStock.busyboxLayer().compressed(Layer.Compression.SEALED),
                ImageStock.randomLayers(1, 3 << 20, 3).getFirst()));
  }

  private static Path opener(Lab lab, String script) throws IOException {
    Path directory = lab.directory("bin");
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path program = directory.resolve("opener");
    Files.writeString(program, "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    return program;
  }

  private static TestDaemon daemon(Lab lab, Path opener) {
    return lab.daemon(
        """
        [stream_processors."test.opener"]
        accepts = ["%1$s+gzip+sealed"]
        returns = "%1$s+gzip"
        path = "%2$s"
        env = ["LC_ALL=C"]
        [stream_processors."test.gunzip"]
        accepts = ["%1$s+gzip"]
        returns = "%1$s"
        path = "gzip"
        args = ["-d", "-c"]
        """
            .formatted(TAR, opener));
  }

  private static final String OPEN = "exec tr '\\001-\\377\\000' '\\000-\\377'";

  @Test
  void layersGoThroughOneProgramAfterTheOther(Lab lab) throws IOException {
    // Given
    TestDaemon daemon = daemon(lab, opener(lab, OPEN));

    // When
    daemon.carafe().ok("pull", "--quiet", sealed().name());

    // Then
    sealed()
        .image()
        .files()
        .assertSameAs(
            MountedTree.of(
                lab, daemon.carafe(), "overlayfs", sealed().image().chainIds().getLast()));
    StoreFiles.assertOnly(daemon, sealed());
    assertEquals("in\n", daemon.carafe().ok("run", "--rm", sealed().name(), "c1", "echo", "in"));
  }

  @Test
  void containerdsClientUnpacksThroughThemToo(Lab lab) throws IOException {
    // Given
    TestDaemon daemon = daemon(lab, opener(lab, OPEN));

    // When
    Ctr.on(daemon).ok("images", "pull", "--plain-http", sealed().name());

    // Then
    sealed()
        .image()
        .files()
        .assertSameAs(
            MountedTree.of(
                lab, daemon.carafe(), "overlayfs", sealed().image().chainIds().getLast()));
  }

  @Test
  void aProgramThatFailsFailsThePullWithWhatItSaidAndTheNextPullIsWhole(Lab lab)
      throws IOException {
    // Given
    Path opener = opener(lab, "head -c 1000 >/dev/null; echo no key for this layer >&2; exit 3");
    TestDaemon daemon = daemon(lab, opener);

    // When
    String error = daemon.carafe().run("pull", "--quiet", sealed().name()).oneLineError();

    // Then
    assertTrue(error.contains("exit code 3: no key for this layer"), error);
    assertEquals(List.of(), daemon.carafe().lines("images", "ls", "--quiet"));

    // When
    opener(lab, OPEN);
    daemon.carafe().ok("pull", "--quiet", sealed().name());

    // Then
    StoreFiles.assertOnly(daemon, sealed());
  }

  @Test
  void aPullThatIsCutOffLeavesNoProgramRunning(Lab lab) throws IOException {
    // Given
    Path pid = lab.work().resolve("pid");
    Path opener = opener(lab, "echo $$ >" + pid + "; exec sleep 1000");
    TestDaemon daemon = daemon(lab, opener);
    try (Program.Running pull =
        daemon.carafe().program("pull", "--quiet", sealed().name()).start()) {
      Await.until("the program runs", () -> Files.exists(pid) && Files.size(pid) > 0);
      // When
    }
    // Then
    Path process = Path.of("/proc", Files.readString(pid).strip());
    Await.until("it has ended", () -> !Files.exists(process));
  }
}
