package dev.carafe.testkit.runtimes;

import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.TaskRuntime;
import java.io.IOException;
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

  /** What it can run, put into a directory that is empty. */
  default TestPrograms programs(Path image) throws IOException {
    return new ShellPrograms(image);
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
    SHARED_OUTPUT_IN_ORDER,

    /**
     * Tasks go on without the daemon. Else the next one says that they ended: with the code that
     * they ended with before, or with 137.
     */
    SURVIVES_DAEMON,

    /**
     * A task is made of processes of the kernel, with numbers, namespaces and whatever a shell may
     * do. Else the number to show is 0, and {@code processes} lists none.
     */
    PROCESSES,

    /** Further processes. Else {@code exec} is refused as unimplemented. */
    EXEC,

    /** Terminals. Else creating a task with one, and sizing one, is refused as unimplemented. */
    TERMINAL,

    /** Pausing. Else it is refused as unimplemented. */
    PAUSE,

    /** Programs handle signals. Else each that would end one without a handler does. */
    HANDLES_SIGNALS,

    /** All of {@code linux.resources}. Else another memory limit is refused as unimplemented. */
    CONTROL_GROUPS,

    /** A program that takes more memory than its limit is killed. Else it gets no more. */
    KILLS_FOR_MEMORY,

    /** Ports that tasks serve can be connected to. Else that is refused as unimplemented. */
    PORTS,

    /** Output goes to a program ({@code binary://}). Else that is refused as unimplemented. */
    LOGGING_BINARY,

    /** Output goes to a log ({@code cri-log://}). Else that is refused. */
    WRITES_CRI_LOG
  }
}
