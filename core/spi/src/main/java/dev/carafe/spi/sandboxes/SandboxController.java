package dev.carafe.spi.sandboxes;

import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.plugins.Deadline;
import java.time.Duration;
import java.util.Set;

/**
 * Makes sandboxes and ends them.
 *
 * <p>A sandbox is <em>created</em>, <em>started</em>, <em>stopped</em> (by {@link #stop} or by
 * itself) and <em>shut down</em>, after which it is unknown. All calls but {@link #create} throw
 * {@link NotFoundException} {@code sandbox "ID": not found} for one that is unknown.
 *
 * <p>The daemon guarantees: changing calls for one sandbox come one at a time; {@link #await},
 * {@link #status} and {@link #metrics} may overlap them.
 *
 * <p>You guarantee: sandboxes survive the daemon, and are known again when the plugin is opened on
 * the same directories; a reboot may end them, and then they are stopped; nothing is left of a
 * sandbox that was shut down, nor of a {@link #create} that failed.
 */
@Deadline(60)
public interface SandboxController {
  /**
   * Prepares a sandbox.
   *
   * @throws AlreadyExistsException {@code sandbox "ID": already exists}
   * @throws InvalidArgumentException if options or namespaces are not what the controller takes
   */
  void create(CreateSandbox request);

  /**
   * Starts what was created. If it fails, the sandbox is as before.
   *
   * @throws FailedPreconditionException if it was started before
   */
  StartedSandbox start(SandboxKey key);

  /** What its containers run on. */
  Platform platform(SandboxKey key);

  /**
   * Ends a sandbox; nothing happens if it has ended.
   *
   * @param grace how long its processes may take before they are killed
   */
  @Deadline(Deadline.UNBOUNDED)
  void stop(SandboxKey key, Duration grace) throws InterruptedException;

  /** Waits until it is stopped; at once if it is. */
  @Deadline(Deadline.UNBOUNDED)
  SandboxExit await(SandboxKey key) throws InterruptedException;

  /**
   * Where it stands.
   *
   * @param verbose whether {@code info} is wanted
   */
  SandboxStatus status(SandboxKey key, boolean verbose);

  /** Ends a sandbox if it has not ended, and removes everything of it. */
  void shutdown(SandboxKey key);

  /**
   * Its statistics.
   *
   * @throws UnimplementedException if there are none but its containers'
   */
  SandboxMetrics metrics(SandboxKey key);

  /**
   * Tells it that the client's record has changed.
   *
   * @param fields what has changed, as raw paths; empty for all
   */
  void update(SandboxKey key, Sandbox sandbox, Set<String> fields);
}
