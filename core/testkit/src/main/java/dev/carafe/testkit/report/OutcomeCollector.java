package dev.carafe.testkit.report;

import java.util.ArrayList;
import java.util.List;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;

/** Listens to JUnit and keeps what came of each test, and of each group that did not begin. */
public final class OutcomeCollector implements TestExecutionListener {
  private final List<Outcome> outcomes = new ArrayList<>();

  @Override
  public synchronized void executionFinished(TestIdentifier test, TestExecutionResult result) {
    if (test.isTest() || result.getStatus() != TestExecutionResult.Status.SUCCESSFUL) {
      outcomes.add(Outcome.of(test.getDisplayName(), result));
    }
  }

  @Override
  public synchronized void executionSkipped(TestIdentifier test, String reason) {
    outcomes.add(Outcome.of(test.getDisplayName(), Outcome.Result.SKIPPED, reason));
  }

  /** In the order of the checks' ids. */
  public synchronized List<Outcome> outcomes() {
    return outcomes.stream().sorted((a, b) -> a.id().compareTo(b.id())).toList();
  }
}
