package dev.carafe.engine.tasks;

import dev.carafe.engine.stores.Container;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.sandboxes.Sandbox;
import dev.carafe.spi.sandboxes.SandboxController;
import dev.carafe.spi.sandboxes.SandboxKey;
import dev.carafe.spi.sandboxes.SandboxStatus;
import java.util.HashMap;
import java.util.Map;

/**
 * Where the containers of a sandbox are run: at the task service of the sandbox's own shim, where
 * it has one, unless the client says otherwise.
 */
final class SandboxAddresses {
  private static final String ADDRESS = "task_api_address";
  private static final String VERSION = "task_api_version";

  private final Metadata metadata;
  private final Map<String, SandboxController> controllers;

  SandboxAddresses(Metadata metadata, Map<String, SandboxController> controllers) {
    this.metadata = metadata;
    this.controllers = controllers;
  }

  /**
   * A handler's options, with the address where it runs shims and there is one.
   *
   * @throws FailedPreconditionException if the sandbox has a shim that does not run
   */
  RuntimeOptions options(
      Namespace namespace, Container container, RuntimeHandlers.Resolved handler) {
    RuntimeOptions options = handler.options();
    if (!handler.plugin().equals(RuntimeHandlers.SHIM_PLUGIN)
        || container.sandboxId().isEmpty()
        || !options.text(ADDRESS).isEmpty()) {
      return options;
    }
    SandboxController controller = controller(namespace, container.sandboxId());
    if (controller == null) {
      return options;
    }
    SandboxStatus status =
        controller.status(new SandboxKey(namespace.name(), container.sandboxId()), false);
    if (status.address().isEmpty()) {
      return options;
    }
    if (status.exitedAt() != null) {
      throw new FailedPreconditionException(
          "container \""
              + container.id()
              + "\": its sandbox \""
              + container.sandboxId()
              + "\" has ended");
    }
    Map<String, Object> values = new HashMap<>(options.values());
    values.put(ADDRESS, status.address());
    values.put(VERSION, (long) status.version());
    return new RuntimeOptions(values, options.original());
  }

  private @org.jspecify.annotations.Nullable SandboxController controller(
      Namespace namespace, String id) {
    Sandbox sandbox;
    try {
      sandbox = metadata.stores(namespace).sandboxes().get(id);
    } catch (dev.carafe.spi.errors.NotFoundException e) {
      // A client may use the field for groups of its own.
      return null;
    }
    return controllers.get(sandbox.controller());
  }
}
