package dev.carafe.linux;

/**
 * How a process ended: by itself with {@code code}, or by {@code signal}.
 *
 * @param code 0 to 255; 0 if it was a signal
 * @param signal 0 if it ended by itself
 */
public record ExitStatus(int code, int signal) {
  /** The code, or 128 plus the signal: what a shell would say. */
  public int shellCode() {
    return signal == 0 ? code : 128 + signal;
  }
}
