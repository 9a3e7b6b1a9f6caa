package dev.carafe.plugin.proxy.support;

import java.time.Duration;

/**
 * How long an answer may take: a little less than the daemon waits for the same call, so that the
 * message names the process that does not answer.
 */
public final class Patience {
  /** Calls that look something up or change a record. */
  public static final Duration CALL = Duration.ofSeconds(9);

  /** Calls that make or remove files. */
  public static final Duration WORK = Duration.ofSeconds(115);

  /** Removals and listings. */
  public static final Duration LONG = Duration.ofSeconds(55);

  /** Opening an ingest, which may have to be hashed, and committing one. */
  public static final Duration HASH = Duration.ofSeconds(590);

  /** Freeing space, in the background. */
  public static final Duration BACKGROUND = Duration.ofMinutes(59);

  /** The next piece of a stream. */
  public static final Duration PIECE = Duration.ofSeconds(60);

  /** The end of a stream that has been ended on this side. */
  public static final Duration END = Duration.ofSeconds(5);

  private Patience() {}
}
