package dev.carafe.spi.runtimes;

import dev.carafe.spi.errors.ResourceExhaustedException;

/**
 * What a runtime wants to remember of a task: opaque to the daemon, stored with it and handed back
 * on the next call, also after a restart.
 *
 * @param value at most 1 MiB; never changed by either side
 */
public record RuntimeState(byte[] value) {
  public static final int LIMIT = 1 << 20;

  public RuntimeState {
    if (value.length > LIMIT) {
      throw new ResourceExhaustedException(
          "runtime state of " + value.length + " bytes is larger than " + LIMIT);
    }
  }
}
