package dev.carafe.spi.plugins;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * On whose behalf a call into a plugin is made. A back end needs to know neither: names that reach
 * it are unique over all namespaces. It is for plugins that pass calls on to another process, which
 * may want to know (headers {@code containerd-namespace} and {@code containerd-lease}).
 *
 * <p>Bound to the thread for the time of a call; the host carries it over to the plugin's thread.
 * What the daemon does on its own account, such as garbage collection, has {@link #NOBODY}.
 *
 * @param namespace the caller's namespace, or empty
 * @param lease id of the lease that holds what the call makes, or empty
 */
public record Caller(String namespace, String lease) {
  /** The daemon itself. */
  public static final Caller NOBODY = new Caller("", "");

  private static final ScopedValue<Caller> CURRENT = ScopedValue.newInstance();

  public Caller {
    Objects.requireNonNull(namespace);
    Objects.requireNonNull(lease);
  }

  /** The caller of the running call. */
  public static Caller current() {
    return CURRENT.orElse(NOBODY);
  }

  /** Runs {@code body} with this as the current caller. */
  public <T extends @Nullable Object, X extends Throwable> T call(
      ScopedValue.CallableOp<? extends T, X> body) throws X {
    return ScopedValue.where(CURRENT, this).call(body);
  }

  /** Runs {@code body} with this as the current caller. */
  public void run(Runnable body) {
    ScopedValue.where(CURRENT, this).run(body);
  }
}
