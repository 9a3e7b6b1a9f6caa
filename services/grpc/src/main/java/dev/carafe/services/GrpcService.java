package dev.carafe.services;

import dev.carafe.spi.plugins.Direct;
import dev.carafe.spi.plugins.PluginType;
import io.grpc.BindableService;

/** A gRPC service as a plugin. */
public interface GrpcService {
  PluginType<GrpcService> TYPE = new PluginType<>("io.containerd.grpc.v1", GrpcService.class);

  /** What the daemon adds to its server. */
  @Direct
  BindableService service();
}
