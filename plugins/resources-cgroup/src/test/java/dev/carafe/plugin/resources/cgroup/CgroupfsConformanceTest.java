package dev.carafe.plugin.resources.cgroup;

import dev.carafe.spi.resources.ResourceManager;
import dev.carafe.testkit.resources.KernelGroups;
import dev.carafe.testkit.resources.ResourceManagerConformance;
import dev.carafe.testkit.resources.ResourceManagerHarness;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;

/** The whole suite on the kernel's files, of whichever version this machine has. */
class CgroupfsConformanceTest extends ResourceManagerConformance {
  @BeforeAll
  static void groupsCanBeMade() {
    Assumptions.assumeTrue(KernelGroups.isPossible(), "may make no cgroups");
  }

  @Override
  protected ResourceManagerHarness harness() {
    return new ResourceManagerHarness() {
      @Override
      public ResourceManager open() {
        return CgroupManager.open(new CgroupPaths());
      }

      @Override
      public void begin(String path, long pid) throws IOException {
        KernelGroups.begin(path, pid);
      }

      @Override
      public void end(String parent) throws InterruptedException {
        open().named(parent).remove(Duration.ofSeconds(10));
      }
    };
  }
}
