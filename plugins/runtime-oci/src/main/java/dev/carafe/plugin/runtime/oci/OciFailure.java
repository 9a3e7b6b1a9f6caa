package dev.carafe.plugin.runtime.oci;

import dev.carafe.spi.errors.UnknownException;

/**
 * The OCI runtime said no. None of the daemon's own failures: what it says is about the container,
 * and clients tell a missing command from one that is not executable by these very words ({@code
 * OCI runtime create failed: runc create failed: ...}).
 */
final class OciFailure {
  private OciFailure() {}

  /**
   * @param command {@code create}, {@code exec}, ...
   * @param reason in the OCI runtime's words
   */
  static UnknownException of(String command, String reason) {
    return new UnknownException("OCI runtime " + command + " failed: " + reason);
  }

  /** The same with what somebody else says. */
  static UnknownException because(UnknownException failure, String more) {
    return more.isEmpty()
        ? failure
        : new UnknownException(RuntimeLog.bounded(failure.getMessage() + ": " + more), failure);
  }
}
