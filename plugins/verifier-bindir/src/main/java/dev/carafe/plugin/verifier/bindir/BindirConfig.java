package dev.carafe.plugin.verifier.bindir;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.Description;
import java.nio.file.Path;
import java.time.Duration;

/** Which programs judge images; keys and defaults are containerd's. */
public record BindirConfig(
    @Description(
            "Directory with executables that judge each image before it is pulled; all must exit"
                + " with 0. A directory that is missing or empty allows everything.")
        Path binDir,
    @Description("How many executables are run at most, in the order of their names; -1 for all.")
        int maxVerifiers,
    @Description("How long one executable may take; then it counts as a refusal.")
        Duration perVerifierTimeout) {
  private static final Duration LONGEST = Duration.ofMinutes(4);

  public static final BindirConfig DEFAULT =
      new BindirConfig(Path.of("/opt/containerd/image-verifier/bin"), 10, Duration.ofSeconds(10));

  public BindirConfig {
    if (!binDir.isAbsolute()) {
      throw new InvalidArgumentException("bin_dir: \"" + binDir + "\" is not an absolute path");
    }
    if (maxVerifiers < -1 || maxVerifiers > 1000) {
      throw new InvalidArgumentException(
          "max_verifiers " + maxVerifiers + " is not in -1 (all) to 1000");
    }
    if (perVerifierTimeout.toMillis() < 1 || perVerifierTimeout.compareTo(LONGEST) > 0) {
      throw new InvalidArgumentException("per_verifier_timeout is not in 1ms to 4m");
    }
  }
}
