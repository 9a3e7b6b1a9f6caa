package dev.carafe.spi.sandboxes;

import dev.carafe.spi.mounts.Mount;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a sandbox is to be made.
 *
 * @param options of the controller's own kind
 * @param networkNamespace path of a network namespace that the caller made and removes, or empty
 */
public record CreateSandbox(
    SandboxKey key,
    Sandbox sandbox,
    List<Mount> rootfs,
    @Nullable SandboxValue options,
    String networkNamespace,
    Map<String, String> annotations) {
  public CreateSandbox {
    rootfs = List.copyOf(rootfs);
    annotations = Map.copyOf(annotations);
  }
}
