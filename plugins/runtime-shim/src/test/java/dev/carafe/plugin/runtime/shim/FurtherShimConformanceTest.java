package dev.carafe.plugin.runtime.shim;

import dev.carafe.testkit.runtimes.TaskRuntimeConformance;
import dev.carafe.testkit.runtimes.TaskRuntimeHarness;

/** The same on a shim of another version, where one is named. */
class FurtherShimConformanceTest extends TaskRuntimeConformance {
  @Override
  protected TaskRuntimeHarness harness() {
    return TestShims.harness(TestShims.further(0));
  }
}
