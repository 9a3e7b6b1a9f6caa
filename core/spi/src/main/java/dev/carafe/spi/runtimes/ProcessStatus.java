package dev.carafe.spi.runtimes;

import java.time.Instant;

/** Where a process stands. {@code pid} is a number to show, 0 where there is none. */
public sealed interface ProcessStatus {
  long pid();

  record Created(long pid) implements ProcessStatus {}

  record Running(long pid) implements ProcessStatus {}

  record Pausing(long pid) implements ProcessStatus {}

  record Paused(long pid) implements ProcessStatus {}

  record Stopped(long pid, ExitStatus exit) implements ProcessStatus {}

  /** The runtime cannot tell just now. */
  record Unknown(long pid) implements ProcessStatus {}

  /** How a process ended. */
  record ExitStatus(int code, Instant exitedAt, boolean oomKilled) {
    /** The code where nobody saw the end. */
    public static final int UNKNOWN_CODE = 255;
  }
}
