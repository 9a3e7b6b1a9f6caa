package dev.carafe.spi.resources;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.plugins.Deadline;
import dev.carafe.spi.plugins.Direct;
import dev.carafe.spi.runtimes.TaskRuntime;

/**
 * Keeps what containers use apart, within limits, and counted.
 *
 * <p>Model: a container has one <em>group</em>, which the kernel shows as a directory for each
 * controller (cgroup version 1) or as one (version 2). Its <em>path</em> is the {@code
 * linux.cgroupsPath} of the OCI runtime specification, in the form of this manager; where that is
 * in the file systems is its {@link GroupPlace}. Whoever sets a container up, usually an OCI
 * runtime, makes the group by its path, with its limits, before the container's program runs; the
 * daemon then finds it by the container's first process. So there is one writer of limits.
 *
 * <p>Which manager a container has is its {@link TaskRuntime}'s choice ({@link
 * TaskRuntime#resourceManager}), and stays the same for its life.
 *
 * <p>The daemon guarantees: places that it hands to {@link #reopen} are those of this manager's own
 * groups, of this run of the kernel.
 *
 * <p>You guarantee: paths and parents may say anything, and lead to no group outside of those that
 * they name; a group is never one that the daemon is in.
 */
@Deadline(10)
public interface ResourceManager {
  /**
   * Whether systemd makes the groups: OCI runtimes are then called with {@code --systemd-cgroup},
   * and a kubelet is told so.
   */
  @Direct
  boolean systemd();

  /**
   * The path of a container's group.
   *
   * @param parent as a kubelet says it, in either form: {@code /kubepods/burstable/podX} or {@code
   *     kubepods-burstable-podX.slice}; empty where it says nothing
   * @param otherwise the parent to take where none is said, in the first form
   * @param name the container's id; the path's last component has it at its end
   * @throws InvalidArgumentException if a parent is neither
   */
  @Direct
  String path(String parent, String otherwise, String name);

  /** What can be limited; always the same. */
  @Direct
  PossibleLimits possible();

  /**
   * The group that a process is in; {@link GroupPlace#NONE none} if the process is gone, or in no
   * other than the daemon.
   */
  ResourceGroup of(long pid);

  /**
   * The group of a path, whether or not there is one: for what was cut off before it had a process.
   * One of a path that is none of this manager's is {@link GroupPlace#NONE none}.
   */
  ResourceGroup named(String path);

  /** A group that was written down. */
  @Direct
  ResourceGroup reopen(GroupPlace place);

  /**
   * Moves a process into groups that exist, in each hierarchy that has one.
   *
   * @param cgroup absolute, as in {@code /proc/PID/cgroup}
   * @throws InvalidArgumentException if it is not, or the top
   * @throws NotFoundException if no hierarchy has one
   */
  void join(String cgroup, long pid);
}
