package dev.carafe.plugin.source.registry;

import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.FailedPreconditionException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * Asks hosts one after the other. All but the last get one chance; the last one is asked again
 * where its failure may pass. When none has answered, the last host decides what kind of failure it
 * is, and the message gives each host's reason.
 */
final class Attempts {
  /** One question to one host. */
  interface Attempt<T> {
    T on(HostSession host, Budget budget) throws HostFailure, IOException;
  }

  private final Timing timing;
  private final Pause pause;

  Attempts(Timing timing, Pause pause) {
    this.timing = timing;
    this.pause = pause;
  }

  /**
   * @param what the subject of the message, for example {@code image "a/b:c"}
   * @throws CancelledException if the thread was interrupted
   */
  <T> T run(String what, List<HostSession> hosts, Attempt<T> attempt) {
    Budget budget = Budget.of(timing.call());
    StringBuilder reasons = new StringBuilder(what);
    String separator = ": ";
    HostFailure last = null;
    for (int i = 0; i < hosts.size(); i++) {
      HostSession host = hosts.get(i);
      boolean end = i == hosts.size() - 1;
      // So much that a silent mirror leaves time for those behind it.
      Budget share = budget.part(budget.left().dividedBy(hosts.size() - i));
      try {
        return ask(what, host, end ? timing.retries() : 0, share, attempt);
      } catch (HostFailure e) {
        reasons.append(separator).append(host.name()).append(": ").append(e.reason());
        separator = "; ";
        last = e;
      }
    }
    if (last == null) {
      throw new FailedPreconditionException(what + ": no configured host is allowed to give it");
    }
    throw last.toDaemonException(reasons.toString());
  }

  /** Waits before a further attempt. */
  void pause(String what, Duration time) {
    try {
      pause.of(time);
    } catch (InterruptedException e) {
      throw cancelled(what, e);
    }
  }

  /** The interrupt as an exception; the thread stays interrupted. */
  static CancelledException cancelled(String what, Throwable cause) {
    Thread.currentThread().interrupt();
    return new CancelledException(what + ": cancelled", cause);
  }

  private <T> T ask(String what, HostSession host, int retries, Budget budget, Attempt<T> attempt)
      throws HostFailure {
    for (int failures = 0; ; ) {
      HostFailure failure;
      try {
        return attempt.on(host, budget);
      } catch (HostFailure e) {
        failure = e;
      } catch (IOException e) {
        failure = HostFailure.of(e);
      }
      if (Thread.currentThread().isInterrupted()) {
        throw cancelled(what, failure);
      }
      failures++;
      Duration wait =
          failure.retryAfter().isZero() ? Timing.backoff(failures) : failure.retryAfter();
      if (!failure.mayPass()
          || failures > retries
          || wait.compareTo(Timing.RETRY_AFTER_LIMIT) > 0
          || wait.compareTo(budget.left()) >= 0) {
        throw failure;
      }
      pause(what, wait);
    }
  }
}
