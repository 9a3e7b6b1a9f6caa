package dev.carafe.testkit.report;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.UniqueId;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Writes {@code target/conformance/CLASS.md} and {@code .json} for each class with checks that
 * JUnit ran; JUnit finds this by itself. The system property {@code carafe.testkit.report} names
 * another directory.
 */
public final class ReportListener implements TestExecutionListener {
  private final Map<String, List<Outcome>> suites = new TreeMap<>();

  @Override
  public synchronized void executionFinished(TestIdentifier test, TestExecutionResult result) {
    if (test.isTest() && Outcome.isCheck(test.getDisplayName())) {
      suite(test).add(Outcome.of(test.getDisplayName(), result));
    }
  }

  @Override
  public synchronized void executionSkipped(TestIdentifier test, String reason) {
    if (test.isTest() && Outcome.isCheck(test.getDisplayName())) {
      suite(test).add(Outcome.of(test.getDisplayName(), Outcome.Result.SKIPPED, reason));
    }
  }

  /** Keyed by the outermost class that the test belongs to. */
  private List<Outcome> suite(TestIdentifier test) {
    String name =
        test.getUniqueIdObject().getSegments().stream()
            .filter(segment -> segment.getType().equals("class"))
            .map(UniqueId.Segment::getValue)
            .findFirst()
            .orElse("unknown");
    return suites.computeIfAbsent(name, key -> new ArrayList<>());
  }

  @Override
  public synchronized void testPlanExecutionFinished(TestPlan finished) {
    String directory = System.getProperty("carafe.testkit.report");
    if (directory == null && !Files.isDirectory(Path.of("target"))) {
      return;
    }
    Path into = Path.of(directory == null ? "target/conformance" : directory);
    suites.forEach((name, outcomes) -> {
      outcomes.sort(Comparator.comparing(Outcome::id));
      try {
        new Report(name, List.of(), outcomes).write(into);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
    suites.clear();
  }
}
