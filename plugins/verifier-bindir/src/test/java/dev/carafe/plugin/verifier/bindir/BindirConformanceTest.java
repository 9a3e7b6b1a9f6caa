package dev.carafe.plugin.verifier.bindir;

import dev.carafe.spi.images.ImageVerifier;
import dev.carafe.testkit.images.ImageVerifierConformance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;

/** The whole conformance suite, on a program that judges. */
class BindirConformanceTest extends ImageVerifierConformance {
  @Override
  protected ImageVerifier open(Path directory, Policy policy) throws IOException {
    Path programs = Files.createDirectory(directory.resolve("bin"));
    Files.setPosixFilePermissions(programs, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path program = programs.resolve("judge");
    Files.writeString(program, "#!/bin/sh\n" + script(policy) + "\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    return new BindirVerifier(new BindirConfig(programs, 10, Duration.ofSeconds(20)));
  }

  private static String script(Policy policy) {
    return switch (policy) {
      case ACCEPT -> "echo fine";
      case ONLY_ONE ->
          """
          case "$2 $4" in
          "registry.example/some/image:tag %s") exit 0 ;;
          esac
          echo not this one
          exit 1
          """
              .formatted(digest());
      case REFUSE -> "echo nothing is right; exit 1";
      case BROKEN -> "kill -KILL $$";
      case HANG -> "exec sleep 1000";
    };
  }
}
