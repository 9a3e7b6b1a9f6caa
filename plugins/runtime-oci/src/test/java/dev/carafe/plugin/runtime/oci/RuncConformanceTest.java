package dev.carafe.plugin.runtime.oci;

import dev.carafe.testkit.runtimes.TaskRuntimeConformance;
import dev.carafe.testkit.runtimes.TaskRuntimeHarness;
import java.time.Duration;

/** The whole conformance suite on runc. */
class RuncConformanceTest extends TaskRuntimeConformance {
  @Override
  protected TaskRuntimeHarness harness() {
    return state -> new OciRuntime(Configs.with("runc", Duration.ofSeconds(2)), state);
  }
}
