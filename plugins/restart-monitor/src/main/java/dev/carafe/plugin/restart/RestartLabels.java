package dev.carafe.plugin.restart;

/** Labels of a container record, as containerd's clients set them. */
final class RestartLabels {
  /** The wanted status: {@code running} or {@code stopped}; without it nothing is done. */
  static final String STATUS = "containerd.io/restart.status";

  /** See {@link RestartPolicy}. */
  static final String POLICY = "containerd.io/restart.policy";

  /** How often it was restarted; the monitor counts. */
  static final String COUNT = "containerd.io/restart.count";

  /**
   * Set by the monitor from before it removes the ended task until the next one runs: with the old
   * task its exit code goes, so that a restart that is cut off would not be known to be wanted.
   */
  static final String PENDING = "containerd.io/restart.pending";

  /** Where standard output and error of a restarted task go. */
  static final String LOG_URI = "containerd.io/restart.loguri";

  /** Whether a person stopped it; for {@code unless-stopped}. */
  static final String EXPLICITLY_STOPPED = "containerd.io/restart.explicitly-stopped";

  private RestartLabels() {}
}
