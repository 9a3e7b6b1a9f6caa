package dev.carafe.plugin.runtime.oci;

import java.time.Duration;

/** Configurations for tests. */
final class Configs {
  private Configs() {}

  static OciRuntimeConfig with(String binary, Duration drain) {
    var d = OciRuntimeConfig.DEFAULT;
    return new OciRuntimeConfig(
        binary,
        d.conmon(),
        d.root(),
        d.systemdCgroup(),
        d.noPivotRoot(),
        d.noNewKeyring(),
        Duration.ofSeconds(30),
        d.commandTimeout(),
        drain);
  }
}
