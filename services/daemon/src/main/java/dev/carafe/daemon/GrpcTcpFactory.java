package dev.carafe.daemon;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.Description;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import java.util.List;

/** The API on TCP, for clients that show a certificate. Off by default. */
@CarafePlugin
public final class GrpcTcpFactory implements PluginFactory<ServerSettings, GrpcTcpFactory.Config> {
  /** The table {@code [grpc-tcp]}, {@code [plugins."io.containerd.server.v1.grpc-tcp"]}. */
  public record Config(
      @Description("Where the API is served on TCP, as HOST:PORT; empty for nowhere.")
          String address,
      @Description("PEM file with the certificates that clients' certificates must go back to.")
          String tlsCa,
      @Description("PEM file with the daemon's certificate.") String tlsCert,
      @Description("PEM file with its key, PKCS #8.") String tlsKey,
      @Description(
              "Name that a client's certificate must have, as DNS name or common name; empty for"
                  + " any.")
          String tlsCommonName) {
    static final Config DEFAULT = new Config("", "", "", "", "");

    public Config {
      if (!address.isEmpty()) {
        if (address.lastIndexOf(':') < 1) {
          throw new InvalidArgumentException("address: \"" + address + "\" is not HOST:PORT");
        }
        requireGiven("tls_ca", tlsCa);
        requireGiven("tls_cert", tlsCert);
        requireGiven("tls_key", tlsKey);
        port(address);
      }
    }

    private static void requireGiven(String key, String value) {
      if (value.isEmpty()) {
        throw new InvalidArgumentException(
            key + ": must be set: without client certificates whoever can connect is root here");
      }
    }

    private static int port(String address) {
      String text = address.substring(address.lastIndexOf(':') + 1);
      try {
        int port = Integer.parseInt(text);
        if (port >= 0 && port <= 65_535) {
          return port;
        }
      } catch (NumberFormatException e) {
        // Said below.
      }
      throw new InvalidArgumentException("address: port \"" + text + "\" is not 0 to 65535");
    }

    int port() {
      return port(address);
    }

    /** The host, without the brackets of an IPv6 address. */
    String host() {
      String host = address.substring(0, address.lastIndexOf(':'));
      return host.startsWith("[") && host.endsWith("]")
          ? host.substring(1, host.length() - 1)
          : host;
    }
  }

  @Override
  public PluginDeclaration<ServerSettings, Config> declaration() {
    return new PluginDeclaration<>(
        ServerSettings.TYPE, "grpc-tcp", List.of(), /* essential= */ true, Config.DEFAULT);
  }

  @Override
  public ServerSettings create(PluginContext context, Config config) {
    return new Settings(config);
  }

  private record Settings(Config config) implements ServerSettings {
    @Override
    public Config tcp() {
      return config;
    }
  }
}
