package dev.carafe.plugin.verifier.policy;

/** A policy, a key, a signature or a place of signatures that is not as it must be. */
final class PolicyException extends RuntimeException {
  private static final long serialVersionUID = 1;

  PolicyException(String message) {
    super(message);
  }

  PolicyException(String message, Throwable cause) {
    super(message, cause);
  }
}
