package dev.carafe.daemon;

import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.Description;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import java.util.List;

/** The server's settings. */
@CarafePlugin
public final class GrpcFactory implements PluginFactory<ServerSettings, GrpcFactory.Config> {
  /** The table {@code [plugins."io.containerd.server.v1.grpc"]}. */
  public record Config(
      @Description(
              "Whether clients may ask the server which services and messages it has (gRPC"
                  + " reflection).")
          boolean reflection) {}

  @Override
  public PluginDeclaration<ServerSettings, Config> declaration() {
    return new PluginDeclaration<>(
        ServerSettings.TYPE, "grpc", List.of(), /* essential= */ true, new Config(false));
  }

  @Override
  public ServerSettings create(PluginContext context, Config config) {
    return new Settings(config);
  }

  private record Settings(Config config) implements ServerSettings {
    @Override
    public boolean reflection() {
      return config.reflection();
    }
  }
}
