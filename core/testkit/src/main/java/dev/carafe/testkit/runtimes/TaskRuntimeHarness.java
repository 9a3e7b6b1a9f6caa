package dev.carafe.testkit.runtimes;

import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.TaskRuntime;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;

/** The runtime that is checked. */
public interface TaskRuntimeHarness {
  /** Opens it; called again on the same directory to play a daemon that comes back. */
  TaskRuntime open(Path state) throws Exception;

  /** Options that every task is created with. */
  default RuntimeOptions options() {
    return RuntimeOptions.NONE;
  }

  /** What it does not promise. The suite then checks what it does instead. */
  default Set<Behaviour> declines() {
    return EnumSet.noneOf(Behaviour.class);
  }

  /** What a runtime may decline. */
  enum Behaviour {
    /** An exit says whether the kernel ended the process for want of memory. */
    EXIT_TELLS_OUT_OF_MEMORY,

    /** Kills for want of memory are counted, and tasks named when they happen. */
    COUNTS_MEMORY_KILLS,

    /** An exec whose start no daemon recorded is ended; else it counts as started. */
    UNRECORDED_EXEC_IS_ENDED,

    /** A FIFO that nobody has open yet holds up nothing. */
    STARTS_WITHOUT_READER,

    /** A terminal's size that was set before the start is there when the program begins. */
    SIZE_BEFORE_START,

    /** Two outputs into one file keep their order. */
    SHARED_OUTPUT_IN_ORDER
  }
}
