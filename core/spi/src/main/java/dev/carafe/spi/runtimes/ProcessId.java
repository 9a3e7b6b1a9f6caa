package dev.carafe.spi.runtimes;

/**
 * A process of a task.
 *
 * @param execId empty for the task's first process
 */
public record ProcessId(String execId) {
  /** The task's first process. */
  public static final ProcessId INIT = new ProcessId("");

  public boolean isInit() {
    return execId.isEmpty();
  }

  @Override
  public String toString() {
    return isInit() ? "init" : execId;
  }
}
