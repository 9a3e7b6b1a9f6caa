package dev.carafe.cni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.carafe.cni.PodNetwork.PortMapping;
import dev.carafe.spi.errors.FailedPreconditionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Debian's plugins, inside of network namespaces of the test's own: the "host" is one, too, so that
 * nothing of the machine is touched.
 */
@Timeout(120)
class RealPluginsTest {
  private static final Path PLUGINS = Path.of("/usr/lib/cni");

  @TempDir Path directory;
  private final TestNamespace host = new TestNamespace();
  private final TestNamespace pod = new TestNamespace();
  private Path conf = Path.of("");
  private Path leases = Path.of("");
  private Path bin = Path.of("");

  @BeforeEach
  void prepare() throws IOException {
    assumeTrue(Files.isExecutable(PLUGINS.resolve("bridge")), "Debian's CNI plugins");
    conf = Files.createDirectory(directory.resolve("conf"));
    leases = Files.createDirectory(directory.resolve("leases"));
    bin = Files.createDirectory(directory.resolve("bin"));
    for (String plugin : List.of("bridge", "portmap", "bandwidth", "tuning")) {
      // Plugins work on the namespace that they are started in: here, that of the test's "host".
      Path script = bin.resolve(plugin);
      Files.writeString(
          script,
          "#!/bin/sh\nexport CNI_PATH="
              + PLUGINS
              + "\nexec nsenter --net="
              + host.path()
              + " "
              + PLUGINS.resolve(plugin)
              + "\n");
      assertTrue(script.toFile().setExecutable(true));
    }
  }

  @AfterEach
  void clean() {
    pod.close();
    host.close();
  }

  private void configure(String more) throws IOException {
    Files.writeString(
        conf.resolve("10-net.conflist"),
        """
        {"cniVersion":"0.4.0","cniVersions":["0.4.0","1.0.0","1.1.0"],"name":"real","plugins":[
         {"type":"bridge","bridge":"carafe-test0","isGateway":true,"hairpinMode":true,
          "ipam":{"type":"host-local","dataDir":"%s","ranges":[
            [{"subnet":"10.123.0.0/29"}],[{"subnet":"fd12:3::/125"}]],
            "routes":[{"dst":"0.0.0.0/0"},{"dst":"::/0"}]}}%s]}
        """
            .formatted(leases, more));
  }

  private Cni open() {
    return Cni.open(
        new CniConfig(
            List.of(bin),
            conf,
            1,
            false,
            "",
            IpPreference.IPV4,
            Duration.ofSeconds(60),
            Duration.ofSeconds(5),
            Duration.ofSeconds(20)),
        Map.of(),
        directory.resolve("state"),
        Duration.ofMillis(100),
        Duration.ofSeconds(1));
  }

  private PodNetwork wanted(PortMapping... ports) {
    return new PodNetwork(
        "sandbox-1",
        "default",
        "web",
        "uid-1",
        pod.path(),
        "runc",
        List.of(ports),
        null,
        PodNetwork.Dns.NONE,
        Map.of(),
        "");
  }

  private long leased() throws IOException {
    try (Stream<Path> files = Files.list(leases.resolve("real"))) {
      return files.filter(file -> file.getFileName().toString().matches("10\\..*|fd.*")).count();
    }
  }

  @Test
  void aPodGetsBothFamiliesAndReachesTheHostAndLeavesNothing() throws IOException {
    configure("");
    try (Cni cni = open()) {
      assertTrue(cni.status("runc").ready(), cni.status("runc").message());
      // The newest version that Debian's plugins and the configuration share.
      assertTrue(cni.describe("runc").contains("\"CNIVersion\":\"1.0.0\""));

      NetworkResult result = cni.setUp(wanted());

      assertEquals(List.of("10.123.0.2", "fd12:3::2"), result.ips());
      assertEquals("10.123.0.1", result.addresses().getFirst().gateway());
      String inside = pod.exec("ip", "addr");
      assertTrue(inside.contains("10.123.0.2/29"), inside);
      assertTrue(inside.contains("fd12:3::2/125"), inside);
      assertTrue(inside.contains("127.0.0.1/8"), inside);
      assertTrue(pod.exec("ip", "route").contains("default via 10.123.0.1"));
      assertTrue(host.exec("ip", "link").contains("carafe-test0"));
      assertEquals(2, leased());
      cni.check("sandbox-1");
      pod.exec("ip", "addr", "del", "10.123.0.2/29", "dev", "eth0");
      assertThrows(FailedPreconditionException.class, () -> cni.check("sandbox-1"));

      cni.tearDown("sandbox-1");

      assertFalse(pod.exec("ip", "link").contains("eth0"));
      assertFalse(host.exec("ip", "link").contains("veth"));
      assertEquals(0, leased());
    }
  }

  @Test
  void addressesAreFreedByTheNextDaemonThoughTheNamespaceIsGone() throws IOException {
    configure("");
    NetworkResult result;
    try (Cni cni = open()) {
      result = cni.setUp(wanted());
    }
    pod.close();
    Files.delete(conf.resolve("10-net.conflist"));
    try (Cni next = open()) {
      assertEquals(result, next.result("sandbox-1").orElseThrow());
      next.collect(Set.of());
      assertTrue(next.result("sandbox-1").isEmpty());
    }
    assertEquals(0, leased());
  }

  @Test
  void aPublishedPortIsInTheHostsRulesUntilThePodLeaves() throws IOException {
    configure(",{\"type\":\"portmap\",\"snat\":true,\"capabilities\":{\"portMappings\":true}}");
    try (Cni cni = open()) {
      cni.setUp(wanted(new PortMapping(18080, 80, "tcp", "")));
      assertTrue(rules().contains("--dport 18080"), rules());
      assertTrue(rules().contains("10.123.0.2:80"), rules());

      cni.tearDown("sandbox-1");

      assertFalse(rules().contains("18080"), rules());
    }
  }

  private String rules() {
    return host.exec("iptables", "-t", "nat", "-S");
  }

  @Test
  void anAddThatFailsHalfwayFreesItsAddresses() throws IOException {
    configure(",{\"type\":\"tuning\",\"sysctl\":{\"net.ipv4.no.such\":\"1\"}}");
    try (Cni cni = open()) {
      var thrown = assertThrows(FailedPreconditionException.class, () -> cni.setUp(wanted()));
      assertTrue(
          thrown.getMessage().contains("network \"real\": plugin \"tuning\": ADD"),
          thrown.getMessage());
      assertFalse(pod.exec("ip", "link").contains("eth0"));
      assertEquals(0, leased());
    }
  }

  @Test
  void aBandwidthIsSetOnTheHostsSide() throws IOException {
    configure(",{\"type\":\"bandwidth\",\"capabilities\":{\"bandwidth\":true}}");
    PodNetwork plain = wanted();
    PodNetwork slow =
        new PodNetwork(
            plain.id(),
            plain.namespace(),
            plain.name(),
            plain.uid(),
            plain.netns(),
            plain.handler(),
            List.of(),
            new PodNetwork.Bandwidth(8_000_000, 0, 0, 0),
            plain.dns(),
            Map.of(),
            "");
    try (Cni cni = open()) {
      cni.setUp(slow);
      assertTrue(host.exec("tc", "qdisc").contains("rate 8Mbit"), host.exec("tc", "qdisc"));
      cni.tearDown("sandbox-1");
      assertFalse(host.exec("tc", "qdisc").contains("rate 8Mbit"));
    }
  }
}
