package dev.carafe.daemon;

import dev.carafe.spi.plugins.Direct;
import dev.carafe.spi.plugins.PluginType;
import org.jspecify.annotations.Nullable;

/** How the API is served besides its Unix socket; plugins, because containerd configures it so. */
public interface ServerSettings {
  PluginType<ServerSettings> TYPE =
      new PluginType<>("io.containerd.server.v1", ServerSettings.class);

  /** Whether clients may ask the server for its descriptors. */
  @Direct
  default boolean reflection() {
    return false;
  }

  /** The listener on TCP, or null for none. */
  @Direct
  default GrpcTcpFactory.@Nullable Config tcp() {
    return null;
  }
}
