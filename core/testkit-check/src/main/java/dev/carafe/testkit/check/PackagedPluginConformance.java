package dev.carafe.testkit.check;

import static org.junit.jupiter.api.Assertions.fail;

import dev.carafe.testkit.report.Outcome;
import dev.carafe.testkit.report.Report;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * {@link PluginCheck} as a test, for builds that check the jar that they have made. Subclass it and
 * say which jar; run it behind the phase that packs it.
 */
public abstract class PackagedPluginConformance {
  /** The jar, and what is to be known to check it. */
  protected abstract CheckOptions options();

  @TestFactory
  Stream<DynamicContainer> jar() {
    List<Report> reports = PluginCheck.run(options());
    return reports.stream()
        .map(report ->
            DynamicContainer.dynamicContainer(
                report.plugin(), report.outcomes().stream().map(this::test)));
  }

  private DynamicTest test(Outcome outcome) {
    return DynamicTest.dynamicTest(
        outcome.id() + " " + outcome.claim(),
        () -> {
          switch (outcome.result()) {
            case PASSED -> {}
            case FAILED -> fail(outcome.reason());
            case SKIPPED -> {
              if (options().strict()) {
                fail("skipped: " + outcome.reason());
              }
              Assumptions.abort(outcome.reason());
            }
          }
        });
  }
}
