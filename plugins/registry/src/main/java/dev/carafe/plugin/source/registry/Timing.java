package dev.carafe.plugin.source.registry;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How long things may take and how often they are tried.
 *
 * @param dial until a TCP connection stands
 * @param header until an answer's head has come
 * @param idle without a byte of a body
 * @param call one call on the plugin in all: below the daemon's own deadline, so that the error
 *     still names every host
 * @param retries further attempts at the last host
 */
record Timing(Duration dial, Duration header, Duration idle, Duration call, int retries) {
  /** A registry that asks for a longer wait is taken at its first word: the error. */
  static final Duration RETRY_AFTER_LIMIT = Duration.ofSeconds(30);

  private static final Duration CALL = Duration.ofSeconds(110);
  private static final long BYTES_PER_MILLI = 8 << 10;
  private static final long BACKOFF_MILLIS = 200;
  private static final long BACKOFF_LIMIT_MILLIS = 5_000;

  static Timing of(RegistryConfig config) {
    return new Timing(
        config.dialTimeout(), config.headerTimeout(), config.idleTimeout(), CALL, config.retries());
  }

  /** Until an answer to a request with a body has come: the host may have to read it all again. */
  Duration answer(long body) {
    return header.plusMillis(body / BYTES_PER_MILLI);
  }

  /** The wait before attempt {@code failures + 1}: doubling, half of it random. */
  static Duration backoff(int failures) {
    long full = Math.min(BACKOFF_LIMIT_MILLIS, BACKOFF_MILLIS << Math.min(failures - 1, 10));
    return Duration.ofMillis(full / 2 + ThreadLocalRandom.current().nextLong(full / 2 + 1));
  }
}
