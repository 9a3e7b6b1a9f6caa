package dev.carafe.plugin.runtime.oci;

import java.time.Duration;

/**
 * Configuration of the {@code oci} runtime. A handler's and a client's options win over it.
 *
 * @param binary the OCI runtime: a path, or a name on the PATH
 * @param conmon the monitor, likewise; 2.1 or later
 * @param root where the OCI runtime keeps its own state, a directory per namespace; empty for one
 *     below the daemon's state
 * @param systemdCgroup whether systemd makes the cgroups: short for the resource manager {@code
 *     systemd}
 * @param resourceManager id of the resource manager; empty for {@code cgroupfs}, or what
 *     systemdCgroup says
 * @param noPivotRoot for a root file system that cannot be pivoted away from (a RAM disk)
 * @param noNewKeyring whether containers share the daemon's session keyring
 * @param createTimeout until a container or exec must have been set up
 * @param commandTimeout for any other run of the OCI runtime
 * @param drainTimeout how long after the end of a process its terminal output may wait for a reader
 */
public record OciRuntimeConfig(
    String binary,
    String conmon,
    String root,
    boolean systemdCgroup,
    String resourceManager,
    boolean noPivotRoot,
    boolean noNewKeyring,
    Duration createTimeout,
    Duration commandTimeout,
    Duration drainTimeout) {
  public static final OciRuntimeConfig DEFAULT =
      new OciRuntimeConfig(
          "runc",
          "conmon",
          "",
          false,
          "",
          false,
          false,
          Duration.ofSeconds(100),
          Duration.ofSeconds(25),
          Duration.ofSeconds(10));

  public OciRuntimeConfig {
    if (binary.isEmpty() || conmon.isEmpty()) {
      throw new IllegalArgumentException("binary and conmon must be named");
    }
    for (Duration timeout : new Duration[] {createTimeout, commandTimeout, drainTimeout}) {
      if (!timeout.isPositive()) {
        throw new IllegalArgumentException("timeout " + timeout + " is not positive");
      }
    }
  }
}
