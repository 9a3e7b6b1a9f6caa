package dev.carafe.plugin.runtime.wasm;

import dev.carafe.testkit.runtimes.TaskRuntimeConformance;
import dev.carafe.testkit.runtimes.TaskRuntimeHarness;

/** The whole conformance suite on modules that are compiled. */
class WasmConformanceTest extends TaskRuntimeConformance {
  @Override
  protected TaskRuntimeHarness harness() {
    return TestRuntimes.harness(TestRuntimes.COMPILED);
  }
}
