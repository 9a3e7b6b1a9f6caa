package dev.carafe.plugin.restart;

import dev.carafe.engine.stores.Container;
import dev.carafe.spi.runtimes.ProcessStatus;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the monitor does to containers. Every call may block, but not without limit. */
interface Workloads {
  /** All containers whose labels want something. */
  Map<Workload, Container> watched();

  /** A container's record; null if there is none. */
  @Nullable Container find(Workload workload);

  /** Of its task; null if it has none. */
  @Nullable ProcessStatus status(Workload workload);

  /** Ends what there is of a task, then creates and starts one. */
  void restart(Workload workload, Container container);

  /** Takes the mark of a restart under way off a container that runs. */
  void settle(Workload workload);

  /** Kills the task and forgets it. */
  void stop(Workload workload);

  /** Whether the monitor looks after a container. */
  static boolean isWatched(Container container) {
    return container.labels().containsKey(RestartLabels.STATUS);
  }

  /** Events of exits, as names of the containers. */
  interface Exits extends AutoCloseable {
    /**
     * Containers whose first process has ended; empty if none has in a while, null if some were
     * missed.
     */
    @Nullable List<Workload> next() throws InterruptedException;

    @Override
    void close();
  }
}
