package com.example.aci;

import dev.carafe.spi.images.ImageFormat;
import dev.carafe.testkit.TestContext;
import dev.carafe.testkit.images.ImageFormatConformance;
import java.nio.file.Path;
import java.util.Optional;

class AciConformanceTest extends ImageFormatConformance {
  @Override
  protected ImageFormat open(Path directory) {
    return TestContext.open(new AciFactory(), directory);
  }

  @Override
  protected Optional<Sample> document() {
    return Optional.empty();
  }

  @Override
  protected Optional<byte[]> archive() {
    return Optional.of(SampleAci.whole().plain());
  }
}
