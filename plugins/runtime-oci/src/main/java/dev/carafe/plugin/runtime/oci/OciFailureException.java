package dev.carafe.plugin.runtime.oci;

/**
 * The OCI runtime said no. None of the daemon's own failures: what it says is about the container,
 * and clients tell a missing command from one that is not executable by these very words ({@code
 * OCI runtime create failed: runc create failed: ...}).
 */
final class OciFailureException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String command;
  private final String reason;

  /**
   * @param command {@code create}, {@code exec}, ...
   * @param reason in the OCI runtime's words
   */
  OciFailureException(String command, String reason) {
    super("OCI runtime " + command + " failed: " + reason);
    this.command = command;
    this.reason = reason;
  }

  /** The same with what somebody else says. */
  OciFailureException because(String more) {
    return more.isEmpty()
        ? this
        : new OciFailureException(command, RuntimeLog.bounded(reason + ": " + more));
  }
}
