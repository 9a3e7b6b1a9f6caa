package dev.carafe.plugin.logs;

import dev.carafe.spi.logs.LogDriver;
import dev.carafe.testkit.logs.LogDriverConformance;
import dev.carafe.testkit.logs.LogDriverHarness;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;

class CriFileConformanceTest extends LogDriverConformance {
  @Override
  protected LogDriverHarness harness() {
    return new LogDriverHarness() {
      @Override
      public LogDriver open(Path root) {
        return new CriFileDriver();
      }

      @Override
      public Set<Behaviour> declines() {
        return EnumSet.allOf(Behaviour.class);
      }
    };
  }
}
