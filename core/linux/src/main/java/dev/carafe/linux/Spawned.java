package dev.carafe.linux;

/**
 * A child process: whoever has it must reap it ({@link EventLoop#exit} or {@link
 * ProcessCalls#waitFor}) and close it.
 *
 * @param pidfd closed by {@link #close}
 * @param startTime in clock ticks since boot: with the pid it names the process after a restart
 */
public record Spawned(long pid, Fd pidfd, long startTime) implements AutoCloseable {
  /** Closes the descriptor; the process goes on. */
  @Override
  public void close() {
    pidfd.close();
  }
}
