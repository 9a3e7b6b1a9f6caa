package dev.carafe.plugin.runtime.wasm;

import dev.carafe.testkit.runtimes.TaskRuntimeConformance;
import dev.carafe.testkit.runtimes.TaskRuntimeHarness;

/** The same on modules that are interpreted. */
class InterpretedConformanceTest extends TaskRuntimeConformance {
  @Override
  protected TaskRuntimeHarness harness() {
    return TestRuntimes.harness(TestRuntimes.INTERPRETED);
  }
}
