package dev.carafe.cni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnavailableException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class StatusTest {
  private static final String RUNC = "runc";

  @TempDir Path directory;
  private FakePlugins plugins;

  @BeforeEach
  void prepare() {
    plugins = new FakePlugins(directory);
  }

  private CniConfig patient(Duration grace) {
    CniConfig c = plugins.config();
    return new CniConfig(
        c.binDirs(),
        c.confDir(),
        1,
        false,
        "",
        c.ipPref(),
        c.pluginTimeout(),
        c.statusInterval(),
        grace);
  }

  @Test
  void withoutAConfigurationNothingIsReadyAndItSaysWhere() {
    try (Cni cni = plugins.open();
        TestNamespace namespace = new TestNamespace()) {
      NetworkStatus status = cni.status(RUNC);

      assertFalse(status.ready());
      assertEquals("NetworkPluginNotReady", status.reason());
      assertTrue(status.message().contains("no network config found in " + plugins.conf));
      assertTrue(status.lastLoad().startsWith("cni config load failed: no network config found"));
      var thrown =
          assertThrows(
              UnavailableException.class,
              () -> cni.setUp(PodNetwork.of("p1", "s", "n", "u", namespace.path(), RUNC)));
      assertTrue(thrown.getMessage().startsWith("cni plugin not initialized"));
    }
  }

  @Test
  void aConfigurationIsSeenWhenItComes() {
    // Nothing but a notice of the change can make it ready so soon.
    CniConfig c = plugins.config();
    CniConfig seldom =
        new CniConfig(
            c.binDirs(),
            c.confDir(),
            1,
            false,
            "",
            c.ipPref(),
            c.pluginTimeout(),
            Duration.ofMinutes(5),
            Duration.ZERO);
    plugins.configure("10-net.conflist", FakePlugins.LIST);
    try (Cni cni = plugins.open(seldom)) {
      assertEquals(NetworkStatus.ready("OK"), cni.status(RUNC));

      plugins.configure("05-first.conflist", FakePlugins.LIST.replace("\"net\"", "\"first\""));

      Await.until("first is used", () -> cni.describe(RUNC).contains("\"Name\":\"first\""));
    }
  }

  @Test
  void aDirectoryMayComeLater() throws IOException {
    Files.delete(plugins.conf);
    try (Cni cni = plugins.open()) {
      assertFalse(cni.status(RUNC).ready());
      Files.createDirectory(plugins.conf);
      plugins.configure("10-net.conflist", FakePlugins.LIST);
      Await.until("it is ready", () -> cni.status(RUNC).ready());
    }
  }

  @Test
  void filesThatCannotBeUsedArePassedOver() {
    plugins.configure("01-broken.conflist", "{\"cniVersion\":");
    plugins.configure(
        "02-none.conflist", "{\"cniVersion\":\"1.0.0\",\"name\":\"x\",\"plugins\":[]}");
    plugins.configure("03-other.txt", FakePlugins.LIST);
    plugins.configure("10-net.conflist", FakePlugins.LIST);
    try (Cni cni = plugins.open()) {
      assertTrue(cni.status(RUNC).ready());
      assertEquals("net", networks(cni, RUNC).getFirst().object("Config").text("Name"));
    }
  }

  @Test
  void aPluginThatIsMissingIsNamedUntilItIsInstalled() {
    plugins.configure("10-net.conflist", FakePlugins.LIST.replace("\"one\"", "\"late\""));
    try (Cni cni = plugins.open()) {
      assertTrue(cni.status(RUNC).message().contains("plugin \"late\" is not in"));
      plugins.install("late");
      Await.until("it is ready", () -> cni.status(RUNC).ready());
    }
  }

  @Test
  void theNewestVersionThatAllPluginsSpeakIsUsed() {
    plugins.answer(
        "two",
        "VERSION",
        "echo '{\"cniVersion\":\"1.0.0\",\"supportedVersions\":[\"0.4.0\",\"1.0.0\"]}'");
    plugins.configure(
        "10-net.conflist",
        "{\"cniVersion\":\"0.4.0\",\"cniVersions\":[\"0.4.0\",\"1.0.0\",\"1.1.0\",\"9.0.0\"],"
            + "\"name\":\"net\",\"plugins\":[{\"type\":\"one\"},{\"type\":\"two\"}]}");
    try (Cni cni = plugins.open()) {
      assertTrue(cni.status(RUNC).ready());
      assertEquals("1.0.0", networks(cni, RUNC).getFirst().object("Config").text("CNIVersion"));
    }
  }

  @Test
  void aPluginThatSpeaksNoVersionOfTheConfigurationIsNamed() {
    plugins.answer(
        "one", "VERSION", "echo '{\"cniVersion\":\"1.0.0\",\"supportedVersions\":[\"1.0.0\"]}'");
    plugins.configure("10-net.conflist", FakePlugins.LIST);
    try (Cni cni = plugins.open()) {
      assertTrue(
          cni.status(RUNC)
              .message()
              .contains("plugin \"one\" speaks CNI 1.0.0; the configuration wants [1.1.0]"),
          cni.status(RUNC).message());
    }
  }

  @Test
  void aPluginIsAskedForItsVersionOnce() {
    plugins.configure("10-net.conflist", FakePlugins.LIST);
    try (Cni cni = plugins.open()) {
      Await.until("it is looked at often", () -> plugins.count("STATUS one") >= 3);
      assertTrue(cni.status(RUNC).ready());
    }
    assertEquals(1, plugins.count("VERSION one"));
  }

  @Test
  void aStatusThatFailsAtFirstIsNotReady() {
    plugins.configure("10-net.conflist", FakePlugins.LIST);
    plugins.answer("one", "STATUS", "echo '{\"code\":50,\"msg\":\"no daemon\"}'; exit 1");
    try (Cni cni = plugins.open()) {
      NetworkStatus status = cni.status(RUNC);
      assertFalse(status.ready());
      assertEquals("OK", status.lastLoad());
      assertTrue(
          status
              .message()
              .contains("network \"net\": plugin \"one\": STATUS: no daemon (code 50)"));
      plugins.forget("one", "STATUS");
      Await.until("it is ready", () -> cni.status(RUNC).ready());
    }
  }

  @Test
  void aStatusThatFailsForLessThanTheGracePeriodDoesNotFlap() {
    plugins.configure("10-net.conflist", FakePlugins.LIST);
    try (Cni cni = plugins.open()) {
      assertTrue(cni.status(RUNC).ready());
      plugins.answer("one", "STATUS", "exit 1");
      long before = plugins.count("STATUS one");
      Await.until(
          "it fails twice",
          () -> {
            assertTrue(cni.status(RUNC).ready());
            return plugins.count("STATUS one") >= before + 2;
          });
    }
  }

  @Test
  void aStatusThatKeepsFailingIsNotReady() {
    plugins.configure("10-net.conflist", FakePlugins.LIST);
    try (Cni cni = plugins.open(patient(Duration.ofMillis(1500)))) {
      assertTrue(cni.status(RUNC).ready());
      plugins.answer("one", "STATUS", "exit 1");
      Await.until("it is not ready", () -> !cni.status(RUNC).ready());
    }
  }

  @Test
  void aConfigurationThatGoesAwayIsUsedForTheGracePeriod() throws IOException {
    plugins.configure("10-net.conflist", FakePlugins.LIST);
    try (Cni cni = plugins.open();
        TestNamespace namespace = new TestNamespace()) {
      assertTrue(cni.status(RUNC).ready());
      Files.delete(plugins.conf.resolve("10-net.conflist"));
      Await.until("it is seen", () -> !cni.status(RUNC).lastLoad().equals("OK"));

      assertTrue(cni.status(RUNC).ready());
      assertEquals(
          2, cni.setUp(PodNetwork.of("p1", "s", "n", "u", namespace.path(), RUNC)).ips().size());
    }
  }

  @Test
  void aConfigurationThatStaysAwayIsNotReady() throws IOException {
    plugins.configure("10-net.conflist", FakePlugins.LIST);
    try (Cni cni = plugins.open(patient(Duration.ZERO))) {
      assertTrue(cni.status(RUNC).ready());
      Files.delete(plugins.conf.resolve("10-net.conflist"));
      Await.until("it is not ready", () -> !cni.status(RUNC).ready());
      assertEquals(List.of(), networks(cni, RUNC));
    }
  }

  @Test
  void aHandlerMayHaveNetworksOfItsOwn() throws IOException {
    Path own = Files.createDirectory(directory.resolve("kata"));
    Files.writeString(own.resolve("1.conflist"), FakePlugins.LIST.replace("\"net\"", "\"vm\""));
    Map<String, CniConfig.Directory> handlers = Map.of("kata", new CniConfig.Directory(own, 1));
    try (Cni cni = plugins.open(plugins.config(), handlers)) {
      assertTrue(cni.status("kata").ready());
      assertFalse(cni.status(RUNC).ready());
      assertEquals(Set.of("kata"), cni.handlers());
      assertEquals("vm", networks(cni, "kata").getFirst().object("Config").text("Name"));
    }
  }

  @Test
  void aStatusThatHangsHoldsUpNobodyElse() throws IOException {
    Path own = Files.createDirectory(directory.resolve("kata"));
    Files.writeString(own.resolve("1.conflist"), FakePlugins.LIST.replace("\"one\"", "\"two\""));
    plugins.configure("10-net.conflist", FakePlugins.LIST);
    plugins.answer("two", "STATUS", "sleep 1000");
    Map<String, CniConfig.Directory> handlers = Map.of("kata", new CniConfig.Directory(own, 1));
    try (Cni cni = plugins.open(plugins.config(), handlers)) {
      assertTrue(cni.status(RUNC).ready());
      assertFalse(cni.status("kata").ready());
    }
  }

  @Test
  void theDescriptionHasTheFormThatToolsRead() {
    plugins.configure("10-net.conflist", FakePlugins.LIST);
    try (Cni cni = plugins.open()) {
      JsonObject json = json(cni, RUNC);
      assertEquals(List.of(plugins.bin.toString()), json.texts("PluginDirs"));
      assertEquals(plugins.conf.toString(), json.text("PluginConfDir"));
      assertEquals(1, json.number("PluginMaxConfNum", -1));
      assertEquals("eth", json.text("Prefix"));
      JsonObject network = json.objects("Networks").getFirst();
      assertEquals("eth0", network.text("IFName"));
      assertEquals("1.1.0", network.object("Config").text("CNIVersion"));
      JsonObject plugin = network.object("Config").objects("Plugins").getFirst();
      assertEquals("one", plugin.object("Network").text("type"));
    }
  }

  @Test
  void podRangesMakeAConfigurationFromTheTemplate() throws IOException {
    Path template = directory.resolve("template");
    Files.writeString(template, FakePlugins.LIST.replace("\"x\"", "\"{{.PodCIDR}}\""));
    CniConfig c = plugins.config();
    CniConfig config =
        new CniConfig(
            c.binDirs(),
            c.confDir(),
            1,
            false,
            template.toString(),
            c.ipPref(),
            c.pluginTimeout(),
            c.statusInterval(),
            Duration.ZERO);
    Path made = plugins.conf.resolve("10-containerd-net.conflist");
    try (Cni cni = plugins.open(config)) {
      assertThrows(InvalidArgumentException.class, () -> cni.podCidrs(List.of("10.0.0.0/24\",\"")));

      cni.podCidrs(List.of("10.5.0.0/24"));

      assertTrue(Files.readString(made).contains("\"10.5.0.0/24\""));
      Await.until("it is ready", () -> cni.status(RUNC).ready());
      cni.podCidrs(List.of("10.6.0.0/24"));
      assertTrue(Files.readString(made).contains("\"10.6.0.0/24\""));

      // Somebody else's configuration counts more.
      Files.delete(made);
      plugins.configure("99-other.conflist", FakePlugins.LIST.replace("\"net\"", "\"other\""));
      Await.until("it is used", () -> cni.describe(RUNC).contains("\"Name\":\"other\""));
      cni.podCidrs(List.of("10.7.0.0/24"));
      assertFalse(Files.exists(made));
    }
  }

  private static List<JsonObject> networks(Cni cni, String handler) {
    return json(cni, handler).objects("Networks");
  }

  private static JsonObject json(Cni cni, String handler) {
    return Json.object("description", cni.describe(handler).getBytes(StandardCharsets.UTF_8));
  }
}
