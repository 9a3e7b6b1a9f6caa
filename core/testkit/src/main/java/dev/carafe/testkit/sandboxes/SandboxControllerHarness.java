package dev.carafe.testkit.sandboxes;

import dev.carafe.spi.sandboxes.CreateSandbox;
import dev.carafe.spi.sandboxes.Sandbox;
import dev.carafe.spi.sandboxes.SandboxController;
import dev.carafe.spi.sandboxes.SandboxKey;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** How to open a controller under test. */
@FunctionalInterface
public interface SandboxControllerHarness {
  /** Opens it over a directory; a second time on the same directory stands for a new daemon. */
  SandboxController open(Path root);

  /** Whether sandboxes are known to a second instance. */
  default boolean survivesRestart() {
    return true;
  }

  /** A sandbox that the controller can make. */
  default CreateSandbox request(SandboxKey key) {
    Sandbox sandbox =
        new Sandbox(
            key.id(),
            Sandbox.Runtime.NONE,
            null,
            Map.of(),
            Map.of(),
            Instant.EPOCH,
            Instant.EPOCH,
            "");
    return new CreateSandbox(key, sandbox, List.of(), null, "", Map.of());
  }
}
