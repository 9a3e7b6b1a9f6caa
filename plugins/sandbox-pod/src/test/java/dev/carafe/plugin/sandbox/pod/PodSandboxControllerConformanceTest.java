package dev.carafe.plugin.sandbox.pod;

import dev.carafe.linux.Mounter;
import dev.carafe.testkit.sandboxes.SandboxControllerConformance;
import dev.carafe.testkit.sandboxes.SandboxControllerHarness;
import java.time.Clock;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

@EnabledIfSystemProperty(named = "user.name", matches = "root", disabledReason = "namespaces")
class PodSandboxControllerConformanceTest extends SandboxControllerConformance {
  @Override
  protected SandboxControllerHarness harness() {
    return root -> PodSandboxController.open(root, Mounter.kernel(), Clock.systemUTC());
  }
}
