package dev.carafe.testkit.sandboxes;

import dev.carafe.spi.sandboxes.SandboxController;
import java.nio.file.Path;

class MemorySandboxControllerConformanceTest extends SandboxControllerConformance {
  @Override
  protected SandboxControllerHarness harness() {
    return new SandboxControllerHarness() {
      @Override
      public SandboxController open(Path root) {
        return new MemorySandboxController();
      }

      @Override
      public boolean survivesRestart() {
        return false;
      }
    };
  }
}
