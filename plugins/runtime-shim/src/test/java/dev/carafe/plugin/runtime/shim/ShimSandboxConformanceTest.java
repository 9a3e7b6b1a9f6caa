package dev.carafe.plugin.runtime.shim;

import dev.carafe.spi.sandboxes.CreateSandbox;
import dev.carafe.spi.sandboxes.SandboxController;
import dev.carafe.spi.sandboxes.SandboxKey;
import dev.carafe.testkit.sandboxes.SandboxControllerConformance;
import dev.carafe.testkit.sandboxes.SandboxControllerHarness;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** The whole conformance suite on a program that says it is a shim. */
class ShimSandboxConformanceTest extends SandboxControllerConformance {
  private final List<AutoCloseable> open = new ArrayList<>();

  @Override
  protected SandboxControllerHarness harness() {
    return new SandboxControllerHarness() {
      @Override
      public SandboxController open(Path root) {
        try {
          closeController();
          if (open.isEmpty()) {
            for (String key : List.of("testing-one", "elsewhere-one")) {
              open.add(FakeSandbox.listen(root.resolve(key)));
            }
            FakeShim.program(root, ShimSandboxControllerTest.script(root));
          }
          var controller =
              ShimSandboxController.open(
                  TestShims.config(), root.resolve("state"), root.resolve("work"));
          open.add(controller);
          current = root;
          return controller;
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }

      @Override
      public CreateSandbox request(SandboxKey key) {
        return ShimSandboxControllerTest.request(key, current);
      }
    };
  }

  private Path current = Path.of("/nowhere");

  private void closeController() {
    if (!open.isEmpty() && open.getLast() instanceof ShimSandboxController controller) {
      controller.close();
    }
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable one : open.reversed()) {
      one.close();
    }
  }
}
