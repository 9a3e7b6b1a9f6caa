package dev.carafe.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.host.FakePlugins.Thing;
import dev.carafe.host.config.ConfigLoader;
import dev.carafe.host.config.DaemonConfig;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginType;
import dev.carafe.spi.plugins.ProxyFactory;
import dev.carafe.spi.plugins.ProxyPeer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code [proxy_plugins.NAME]}. */
class ProxiesTest {
  @TempDir Path directory;

  private final List<ProxyPeer> peers = new ArrayList<>();

  /** Makes things of {@code type = "thing"}. */
  private final class ThingFactory implements ProxyFactory<Thing> {
    @Override
    public String kind() {
      return "thing";
    }

    @Override
    public PluginType<Thing> type() {
      return FakePlugins.A;
    }

    @Override
    public Thing create(PluginContext context, ProxyPeer peer) {
      peers.add(peer);
      return new Thing() {
        @Override
        public String name() {
          return peer.name();
        }

        @Override
        public void touch() {}
      };
    }
  }

  private DaemonConfig config(String toml) throws IOException {
    Path file = Files.writeString(directory.resolve("config.toml"), toml);
    return ConfigLoader.load(
        new ConfigLoader.Flags(
            file, directory.resolve("root"), directory.resolve("state"), Path.of("/api")));
  }

  private Discovery.Found found(DaemonConfig config) {
    Proxies proxies = new Proxies();
    proxies.add(Proxies.Source.of(new ThingFactory(), "/jars/thing.jar", false, List.of()));
    return new Discovery.Found(new ArrayList<>(), proxies.candidates(config), new ArrayList<>());
  }

  private List<String> problems(String toml) {
    return assertThrows(
            InvalidArgumentException.class,
            () -> {
              DaemonConfig config = config(toml);
              PluginHost.start(config, found(config)).close();
            })
        .getMessage()
        .lines()
        .map(line -> line.replace(directory + "/", ""))
        .toList();
  }

  @Test
  void eachTableIsAPlugin() throws IOException {
    DaemonConfig config =
        config(
            """
            [proxy_plugins.one]
            type = "thing"
            address = "/run/one.sock"
            [proxy_plugins.two]
            type = "thing"
            address = "/run/two.sock"
            platform = "linux/arm64"
            exports = { root = "/var/two" }
            capabilities = ["rebase"]
            namespace = "carafe"
            lease = "held"
            """);
    try (PluginHost host = PluginHost.start(config, found(config))) {
      assertEquals(Set.of("one", "two"), host.all(FakePlugins.A).keySet());
      assertEquals(
          Set.of(
              new ProxyPeer(
                  "one", "one", Path.of("/run/one.sock"), Path.of("/api"), Set.of(), "", ""),
              new ProxyPeer(
                  "two",
                  "two",
                  Path.of("/run/two.sock"),
                  Path.of("/api"),
                  Set.of("rebase"),
                  "carafe",
                  "held")),
          Set.copyOf(peers));
      PluginStatus two =
          host.graph().plugins().stream()
              .filter(plugin -> plugin.id().equals("two"))
              .findFirst()
              .orElseThrow();
      assertEquals(
          Map.of("root", "/var/two", "address", "/run/two.sock", "platform", "linux/arm64"),
          two.exports());
      assertEquals(List.of("rebase"), two.capabilities());
    }
  }

  @Test
  void aProxyHasLimitsAsEveryPlugin() throws IOException {
    DaemonConfig config =
        config(
            """
            [proxy_plugins.one]
            type = "thing"
            address = "/run/one.sock"
            [plugins."a.v1.one"]
            deadline_seconds = 3
            """);
    PluginHost.start(config, found(config)).close();
  }

  @Test
  void mistakesAreNamed() {
    assertEquals(
        List.of(
            "config.toml: proxy_plugins.x.adress: unknown key; did you mean \"address\"?",
            "config.toml: proxy_plugins.x.exports: expected a table, found the string \"a\""),
        problems(
                """
                [proxy_plugins.x]
                type = "thing"
                adress = "/run/x.sock"
                exports = "a"
                """)
            .stream()
            .sorted()
            .toList());
    assertEquals(
        List.of("proxy_plugins.x.type: \"thin\" is none of thing; did you mean \"thing\"?"),
        problems("[proxy_plugins.x]\ntype = \"thin\"\naddress = \"/x\""));
    assertEquals(
        List.of(
            "proxy_plugins: plugin id \"UP\" is not of the form" + " [a-z0-9]+([._-][a-z0-9]+)*"),
        problems("[proxy_plugins.UP]\ntype = \"thing\"\naddress = \"/x\"").stream()
            .map(line -> line.replace("proxy_plugins.UP:", "proxy_plugins:"))
            .toList());
  }

  @Test
  void whatHasNoDefaultMustBeSaid() {
    assertTrue(
        problems("[proxy_plugins.x]\ntype = \"thing\"")
            .toString()
            .contains("\"address\" is missing"));
    assertTrue(
        problems("[proxy_plugins.x]\naddress = \"/x\"").toString().contains("\"type\" is missing"));
    assertTrue(problems("[proxy_plugins.x]").toString().contains("\"type\" is missing"));
  }

  @Test
  void whatCannotBeRightIsRefused() {
    String table = "[proxy_plugins.x]\ntype = \"thing\"\naddress = \"/x\"\n";
    for (String line :
        List.of(
            "address = \"relative\"",
            "address = \"/" + "x".repeat(107) + "\"",
            "lease = \"l\"",
            "namespace = \"two words\"",
            "platform = \"amd64\"",
            "snapshotter = \"overlayfs\"",
            "content_address = \"/y\"")) {
      String key = line.substring(0, line.indexOf(' '));
      String problem =
          problems(
                  key.equals("address")
                      ? "[proxy_plugins.x]\ntype = \"thing\"\n" + line
                      : table + line)
              .toString();
      assertTrue(problem.contains(key + ":"), problem);
    }
  }

  @Test
  void theDescribedConfigurationReadsBackTheSame() throws IOException {
    DaemonConfig config =
        config(
            """
            [proxy_plugins.one]
            type = "thing"
            address = "/run/one.sock"
            exports = { a = "b" }
            """);
    String text = PluginHost.describe(config, found(config));
    DaemonConfig again = config(text);
    assertEquals(text, PluginHost.describe(again, found(again)));
    assertEquals(config.proxyPlugins(), again.proxyPlugins());
  }
}
