package dev.carafe.spi.resources;

import dev.carafe.spi.runtimes.TaskMetrics;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Set;

/**
 * One container's group. Calls may come from several threads; none waits longer than it is told, or
 * than it takes to read a few of the kernel's files. A group that is gone, or {@link
 * GroupPlace#NONE none}, has no processes, has killed nothing, is thawed and does not exist.
 */
public interface ResourceGroup {
  /** To write down; {@link ResourceManager#reopen} takes it. */
  GroupPlace place();

  /** All processes, those in groups below included; zombies may be among them. */
  Set<Long> pids();

  /**
   * Signals every process. They are stopped meanwhile where the kernel can do that, so that none
   * forks away; a group that was frozen before is thawed after SIGKILL only.
   */
  void signalAll(int signal, Duration limit) throws InterruptedException;

  /**
   * Kills every process and waits until the group is empty.
   *
   * @return whether it is
   */
  boolean killAll(Duration limit) throws InterruptedException;

  /** Whether its processes can be stopped. */
  boolean canFreeze();

  /** Stops all processes; returns whether they have stopped in time. If not, none is stopped. */
  boolean freeze(Duration limit) throws InterruptedException;

  /**
   * Lets all processes go on.
   *
   * @throws UncheckedIOException if the kernel refuses
   */
  void thaw();

  /** Whether its processes are stopped. */
  State state();

  /** Whether processes are stopped. */
  enum State {
    THAWED,
    FREEZING,
    FROZEN
  }

  /** What was used, with the names of the wire. */
  TaskMetrics metrics();

  /** How many processes the kernel has killed here for want of memory. */
  long oomKills();

  /**
   * The same count of a group above, for one that goes with its last process, and its own count
   * with it, as systemd's scopes do: what was killed here is in that, too. 0 for other groups.
   */
  default long oomKillsAbove() {
    return 0;
  }

  /**
   * Has {@code told} run when the kernel may have killed for want of memory, which {@link
   * #oomKills} tells. It must not wait. A group whose memory is not accounted is never told of.
   *
   * @return ends it
   */
  Watch onOom(Runnable told);

  /** Something that is watched until it is closed. */
  interface Watch extends AutoCloseable {
    /** Nothing is watched. */
    Watch NONE = () -> {};

    @Override
    void close();
  }

  /** Whether there is such a group. */
  boolean exists();

  /**
   * Removes the emptied group with those below it.
   *
   * @return whether they are gone
   */
  boolean remove(Duration limit) throws InterruptedException;
}
