package dev.carafe.linux;

/** Compressed data is damaged, ends too early, or is not what it claims to be. */
public final class InflateException extends RuntimeException {
  private static final long serialVersionUID = 1;

  InflateException(String message) {
    super("gzip: " + message);
  }
}
