package dev.carafe.metadata;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Asks back ends what they hold, all at once, and no longer than the daemon's start can wait: one
 * may be another process that says nothing.
 */
final class BackendSurvey {
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  private BackendSurvey() {}

  /**
   * Asks.
   *
   * @param questions by what is asked; one that takes too long is interrupted
   * @return why there is no answer, by what was asked
   */
  static Map<String, String> ask(Map<String, Runnable> questions) {
    Map<String, FutureTask<?>> asked = new LinkedHashMap<>();
    questions.forEach((name, question) -> {
      FutureTask<Boolean> task = new FutureTask<>(question, true);
      asked.put(name, task);
      Thread.ofVirtual().name("survey of " + name).start(task);
    });
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    Map<String, String> unanswered = new LinkedHashMap<>();
    asked.forEach((name, task) -> {
      try {
        task.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
      } catch (ExecutionException e) {
        unanswered.put(name, String.valueOf(e.getCause()));
      } catch (TimeoutException e) {
        task.cancel(true);
        unanswered.put(name, "no answer in " + PATIENCE.toSeconds() + " s");
      } catch (InterruptedException e) {
        task.cancel(true);
        unanswered.put(name, "interrupted");
        Thread.currentThread().interrupt();
      }
    });
    return unanswered;
  }
}
