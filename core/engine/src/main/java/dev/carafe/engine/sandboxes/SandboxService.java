package dev.carafe.engine.sandboxes;

import dev.carafe.spi.plugins.Direct;
import dev.carafe.spi.plugins.PluginType;

/** The sandboxes, as a plugin: for the gRPC services and for CRI. */
public interface SandboxService {
  PluginType<SandboxService> TYPE =
      new PluginType<>("dev.carafe.sandbox-service.v1", SandboxService.class);

  @Direct
  SandboxManager manager();
}
