package dev.carafe.plugin.runtime.shim;

import dev.carafe.testkit.runtimes.TaskRuntimeConformance;
import dev.carafe.testkit.runtimes.TaskRuntimeHarness;

/** The whole conformance suite on the shim that is installed. */
class ShimConformanceTest extends TaskRuntimeConformance {
  @Override
  protected TaskRuntimeHarness harness() {
    return TestShims.harness(TestShims.installed());
  }
}
