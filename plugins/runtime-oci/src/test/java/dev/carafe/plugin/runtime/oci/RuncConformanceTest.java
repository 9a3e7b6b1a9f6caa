package dev.carafe.plugin.runtime.oci;

import dev.carafe.spi.resources.ResourceManager;
import dev.carafe.testkit.runtimes.TaskRuntimeConformance;
import dev.carafe.testkit.runtimes.TaskRuntimeHarness;
import java.time.Duration;
import java.util.Map;

/** The whole conformance suite on runc. */
class RuncConformanceTest extends TaskRuntimeConformance {
  @Override
  protected TaskRuntimeHarness harness() {
    Map<String, ResourceManager> resources = Configs.RESOURCES;
    return state -> new OciRuntime(Configs.with("runc", Duration.ofSeconds(2)), state, resources);
  }
}
