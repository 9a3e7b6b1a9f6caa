package dev.carafe.plugin.verifier.policy;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.Description;
import java.nio.file.Path;
import java.time.Duration;

/** Where the policy is and where it is said where signatures are. */
public record PolicyConfig(
    @Description(
            "The signature policy (containers-policy.json(5)), read at each image. Where the default"
                + " file is missing every image is accepted; any other that is missing refuses all.")
        Path policy,
    @Description("Where signatures are: a directory of YAML files (containers-registries.d(5)).")
        Path registriesDir,
    @Description("How long one request for a signature may take.") Duration requestTimeout) {
  private static final Duration LONGEST = Duration.ofMinutes(1);

  public static final PolicyConfig DEFAULT =
      new PolicyConfig(
          Path.of("/etc/containers/policy.json"),
          Path.of("/etc/containers/registries.d"),
          Duration.ofSeconds(10));

  public PolicyConfig {
    if (!policy.isAbsolute()) {
      throw new InvalidArgumentException("policy: \"" + policy + "\" is not an absolute path");
    }
    if (!registriesDir.isAbsolute()) {
      throw new InvalidArgumentException(
          "registries_dir: \"" + registriesDir + "\" is not an absolute path");
    }
    if (requestTimeout.toMillis() < 1 || requestTimeout.compareTo(LONGEST) > 0) {
      throw new InvalidArgumentException("request_timeout is not in 1ms to 1m");
    }
  }
}
