package dev.carafe.plugin.runtime.shim;

/** A shim's own words for a failure of no known kind. */
final class ShimFailureException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ShimFailureException(String message) {
    super(message);
  }
}
