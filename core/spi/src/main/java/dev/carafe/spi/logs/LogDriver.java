package dev.carafe.spi.logs;

import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.plugins.Deadline;
import dev.carafe.spi.plugins.Direct;
import java.util.List;

/**
 * Brings the output of pods' containers to another place. The file that a kubelet reads is always
 * written, by the container's monitor, a process of its own; a driver adds to it in one or both of
 * two ways:
 *
 * <ul>
 *   <li>{@link #destinations}: the monitor writes there, too. No byte passes the daemon, and what
 *       the daemon does or suffers changes nothing.
 *   <li>{@link #write}: the daemon reads the file, rotated or not, and hands on what is in it. The
 *       file is the queue: a driver that is slow, or fails, or is not there while the daemon is
 *       not, gets the lines later. The container is never held up.
 * </ul>
 *
 * <p>The daemon guarantees, to a driver that {@link #follows}: the lines of a container come in
 * order, by one call at a time; lines of a call that threw come again, with others behind them; so
 * do, after a crash of the daemon, at most those of the last call. Only what is removed from the
 * file's directory before it was read is lost, and the daemon's log then says so.
 *
 * <p>You guarantee: when {@link #write} returns, the lines need the daemon no more (in a file: in
 * the kernel's cache). Let an exception say what went wrong; it is logged, and the call repeated,
 * at growing intervals of at most half a minute.
 */
@Deadline(30)
public interface LogDriver {
  /** Where the container's monitor writes to, too. Asked once, before the container starts. */
  @Direct
  default List<LogDestination> destinations(LoggedContainer container) {
    return List.of();
  }

  /** Whether {@link #write} is to be called. Always the same. */
  @Direct
  default boolean follows() {
    return false;
  }

  /**
   * Takes lines.
   *
   * @param first the number of the first of them among all of the container's, from 0
   * @param lines not empty; together a megabyte at most
   * @throws UnimplementedException if this driver does not follow
   */
  default void write(LoggedContainer container, long first, List<LogLine> lines) {
    throw new UnimplementedException("this log driver takes no lines");
  }

  /** The container has ended and all its lines have been taken. May come twice. */
  default void end(LoggedContainer container) {}
}
