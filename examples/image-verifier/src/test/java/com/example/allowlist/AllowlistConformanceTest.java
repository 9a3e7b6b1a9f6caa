package com.example.allowlist;

import dev.carafe.spi.images.ImageVerifier;
import dev.carafe.testkit.TestContext;
import dev.carafe.testkit.images.ImageVerifierConformance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class AllowlistConformanceTest extends ImageVerifierConformance {
  @Override
  protected ImageVerifier open(Path directory, Policy policy) throws IOException {
    String list =
        switch (policy) {
          case ACCEPT, HANG -> "*";
          case ONLY_ONE -> "registry.example/some/image* digest=" + digest();
          case REFUSE -> "# nothing";
          case BROKEN -> "* color=blue";
        };
    Path file = Files.writeString(directory.resolve("allowed"), list + "\n");
    return TestContext.open(
        new AllowlistFactory(),
        directory.resolve("root"),
        new AllowlistFactory.Config(file.toString()));
  }
}
