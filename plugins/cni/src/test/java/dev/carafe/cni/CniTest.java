package dev.carafe.cni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.cni.FakePlugins.Call;
import dev.carafe.cni.PodNetwork.Bandwidth;
import dev.carafe.cni.PodNetwork.Dns;
import dev.carafe.cni.PodNetwork.PortMapping;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class CniTest {
  private static final String CHAIN =
      "{\"cniVersion\":\"%s\",\"name\":\"net\",\"plugins\":[{\"type\":\"one\"},{\"type\":\"two\"}]}";

  @TempDir Path directory;
  private FakePlugins plugins;
  private final TestNamespace namespace = new TestNamespace();

  @BeforeEach
  void prepare() {
    plugins = new FakePlugins(directory);
    plugins.configure("10-net.conflist", FakePlugins.LIST);
  }

  @AfterEach
  void clean() {
    namespace.close();
  }

  private PodNetwork pod(String id) {
    return PodNetwork.of(id, "space", "web", "uid-1", namespace.path(), "runc");
  }

  @Test
  void anAddTellsThePluginEverythingAndReturnsWhatItGave() {
    try (Cni cni = plugins.open()) {
      NetworkResult result = cni.setUp(pod("p1"));

      assertEquals(List.of("10.1.2.3", "fd00::3"), result.ips());
      assertEquals("10.1.2.1", result.addresses().getFirst().gateway());
      NetworkResult.Interface eth0 = result.interfaces().get(1);
      assertEquals("eth0", eth0.name());
      assertEquals("02:00:00:00:00:01", eth0.mac());
      assertEquals(1400, eth0.mtu());
      assertEquals(List.of(new NetworkResult.Route("0.0.0.0/0", "10.1.2.1")), result.routes());
      assertEquals(List.of("10.1.2.1"), result.dns().nameservers());
      assertEquals(List.of("pods.example"), result.dns().search());
      assertTrue(result.raw().get("eth0").contains("\"from\":\"one\""), result.raw().toString());
      assertEquals(Optional.of(result), cni.result("p1"));
      Call add = plugins.calls().getFirst();
      assertEquals("ADD one", add.brief());
      assertEquals("p1", add.container());
      assertEquals("eth0", add.ifName());
      assertEquals(namespace.path().toString(), add.netns());
      assertEquals(
          "IgnoreUnknown=1;K8S_POD_NAMESPACE=space;K8S_POD_NAME=web;"
              + "K8S_POD_INFRA_CONTAINER_ID=p1;K8S_POD_UID=uid-1",
          add.arguments());
      assertEquals(plugins.bin.toString(), add.path());
      assertEquals(
          Map.of("type", "one", "key", List.of(1L, "x"), "cniVersion", "1.1.0", "name", "net"),
          add.config().members());
    }
  }

  @Test
  void loopbackComesUpWithoutAPlugin() {
    assertFalse(namespace.exec("ip", "addr", "show", "lo").contains("127.0.0.1"));
    try (Cni cni = plugins.open()) {
      cni.setUp(pod("p1"));
    }
    assertTrue(namespace.exec("ip", "addr", "show", "lo").contains("127.0.0.1"));
  }

  @Test
  void theFamilyThatIsPreferredComesFirst() {
    CniConfig c = plugins.config();
    for (IpPreference preference : List.of(IpPreference.IPV6, IpPreference.CNI)) {
      CniConfig config =
          new CniConfig(
              c.binDirs(),
              c.confDir(),
              1,
              false,
              "",
              preference,
              c.pluginTimeout(),
              c.statusInterval(),
              c.statusGracePeriod());
      try (Cni cni = plugins.open(config)) {
        assertEquals(List.of("fd00::3", "10.1.2.3"), cni.setUp(pod("p1")).ips());
      }
    }
  }

  @Test
  void eachPluginOfAChainGetsTheResultOfTheOneBeforeAndRemovesInReverse() {
    plugins.configure("10-net.conflist", CHAIN.formatted("0.4.0"));
    try (Cni cni = plugins.open()) {
      cni.setUp(pod("p1"));
      cni.check("p1");
      cni.tearDown("p1");
    }

    assertEquals(
        List.of("ADD one", "ADD two", "CHECK one", "CHECK two", "DEL two", "DEL one"),
        plugins.brief());
    List<Call> calls = plugins.calls();
    assertFalse(calls.getFirst().config().has("prevResult"));
    assertEquals("one", calls.get(1).config().object("prevResult").text("from"));
    // The result is passed on in the version of the network, with what that version demands.
    assertEquals("0.4.0", calls.get(1).config().object("prevResult").text("cniVersion"));
    assertEquals(
        "6", calls.get(1).config().object("prevResult").objects("ips").getFirst().text("version"));
    for (Call call : calls.subList(2, 6)) {
      assertEquals("two", call.config().object("prevResult").text("from"), call.brief());
      assertEquals("0.4.0", call.config().text("cniVersion"));
    }
  }

  @Test
  void olderVersionsHaveNoCheckAndNoResultForDel() {
    plugins.configure("10-net.conflist", CHAIN.formatted("0.3.1"));
    try (Cni cni = plugins.open()) {
      cni.setUp(pod("p1"));
      cni.check("p1");
      cni.tearDown("p1");
    }
    assertEquals(List.of("ADD one", "ADD two", "DEL two", "DEL one"), plugins.brief());
    assertTrue(plugins.calls().get(1).config().has("prevResult"));
    assertFalse(plugins.calls().get(2).config().has("prevResult"));
  }

  @Test
  void aSinglePluginOfTheOldestVersionReturnsAddressesByFamily() {
    plugins.configure("10-net.conflist", "{\"name\":\"old\",\"type\":\"one\"}");
    plugins.answer("one", "VERSION", "exit 1");
    plugins.answer(
        "one",
        "ADD",
        "echo '{\"ip4\":{\"ip\":\"10.9.0.2/16\",\"gateway\":\"10.9.0.1\",\"routes\":"
            + "[{\"dst\":\"0.0.0.0/0\"}]}}'");
    try (Cni cni = plugins.open()) {
      NetworkResult result = cni.setUp(pod("p1"));
      assertEquals(List.of("10.9.0.2"), result.ips());
      assertEquals(List.of(new NetworkResult.Route("0.0.0.0/0", "")), result.routes());
    }
    assertEquals("0.1.0", plugins.calls().getFirst().config().text("cniVersion"));
  }

  @Test
  void aPluginHearsOfCapabilitiesThatItDeclares() {
    plugins.configure(
        "10-net.conflist",
        "{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"plugins\":[{\"type\":\"one\",\"capabilities\":"
            + "{\"portMappings\":true,\"bandwidth\":true,\"ipRanges\":true,\"dns\":true,"
            + "\"podAnnotations\":true,\"io.kubernetes.cri.pod-annotations\":true,"
            + "\"cgroupPath\":true,\"mac\":true}},"
            + "{\"type\":\"two\",\"capabilities\":{\"dns\":false}}]}");
    PodNetwork pod =
        new PodNetwork(
            "p1",
            "space",
            "web",
            "uid-1",
            namespace.path(),
            "runc",
            List.of(
                new PortMapping(8080, 80, "tcp", "127.0.0.1"), new PortMapping(0, 81, "udp", "")),
            new Bandwidth(1_000_000, 0, 0, 0),
            new Dns(List.of("10.0.0.10"), List.of("cluster.local"), List.of("ndots:5")),
            Map.of("note", "a;b=c"),
            "/kubepods/p1");
    try (Cni cni = plugins.open()) {
      cni.podCidrs(List.of("10.8.0.0/24", "fd08::/64"));
      cni.setUp(pod);
    }

    Map<String, Object> said =
        plugins.calls().getFirst().config().object("runtimeConfig").members();
    assertEquals(
        Map.of(
            "portMappings",
            List.of(
                Map.of(
                    "hostPort",
                    8080L,
                    "containerPort",
                    80L,
                    "protocol",
                    "tcp",
                    "hostIP",
                    "127.0.0.1")),
            "bandwidth",
            Map.of("ingressRate", 1_000_000L, "ingressBurst", (long) Integer.MAX_VALUE),
            "ipRanges",
            List.of(
                List.of(Map.of("subnet", "10.8.0.0/24")), List.of(Map.of("subnet", "fd08::/64"))),
            "dns",
            Map.of(
                "servers",
                List.of("10.0.0.10"),
                "searches",
                List.of("cluster.local"),
                "options",
                List.of("ndots:5")),
            "io.kubernetes.cri.pod-annotations",
            Map.of("note", "a;b=c"),
            "podAnnotations",
            Map.of("note", "a;b=c"),
            "cgroupPath",
            "/kubepods/p1"),
        said);
    assertFalse(plugins.calls().get(1).config().has("runtimeConfig"));
  }

  @Test
  void ofSeveralNetworksEachGetsAnInterface() {
    plugins.configure(
        "20-other.conf", "{\"cniVersion\":\"1.0.0\",\"name\":\"b\",\"type\":\"two\"}");
    CniConfig c = plugins.config();
    for (boolean serially : List.of(true, false)) {
      CniConfig config =
          new CniConfig(
              c.binDirs(),
              c.confDir(),
              0,
              serially,
              "",
              c.ipPref(),
              c.pluginTimeout(),
              c.statusInterval(),
              c.statusGracePeriod());
      try (Cni cni = plugins.open(config)) {
        NetworkResult result = cni.setUp(pod("p" + serially));

        assertEquals(List.of("10.1.2.3", "fd00::3"), result.ips());
        assertEquals(
            List.of("br0", "eth0", "br0", "eth1"),
            result.interfaces().stream().map(NetworkResult.Interface::name).toList());
        cni.tearDown("p" + serially);
      }
    }
    assertEquals(
        List.of("DEL two", "DEL one"),
        plugins.brief().stream().filter(call -> call.startsWith("DEL")).toList().subList(0, 2));
  }

  @Test
  void anAddThatFailsIsUndoneWithAllPlugins() {
    plugins.configure("10-net.conflist", CHAIN.formatted("1.0.0"));
    plugins.answer(
        "two", "ADD", "echo '{\"code\":100,\"msg\":\"no luck\",\"details\":\"today\"}'; exit 1");
    try (Cni cni = plugins.open()) {
      var thrown = assertThrows(FailedPreconditionException.class, () -> cni.setUp(pod("p1")));

      assertEquals(
          "network \"net\": plugin \"two\": ADD for \"p1\": no luck: today (code 100)",
          thrown.getMessage());
      assertEquals(List.of("ADD one", "ADD two", "DEL two", "DEL one"), plugins.brief());
      assertEquals(Optional.empty(), cni.result("p1"));
      cni.tearDown("p1");
      assertEquals(4, plugins.calls().size());
      assertNothingOnRecord();
    }
  }

  @Test
  void aPluginThatWantsToBeAskedLaterIsUnavailable() {
    plugins.answer("one", "ADD", "echo '{\"code\":11,\"msg\":\"busy\"}'; exit 1");
    try (Cni cni = plugins.open()) {
      assertThrows(UnavailableException.class, () -> cni.setUp(pod("p1")));
    }
  }

  @Test
  void aPluginThatHangsIsKilledAndItsAddUndone() throws IOException {
    plugins.answer("one", "ADD", "sleep 1000 & echo $! > " + directory.resolve("child"), "wait");
    try (Cni cni = plugins.open(withTimeout(Duration.ofSeconds(1)))) {
      var thrown = assertThrows(DeadlineExceededException.class, () -> cni.setUp(pod("p1")));

      assertEquals(
          "network \"net\": plugin \"one\": ADD for \"p1\" did not end in 1 s",
          thrown.getMessage());
    }
    long child = Long.parseLong(Files.readString(directory.resolve("child")).strip());
    Await.until("the child is dead", () -> ProcessHandle.of(child).isEmpty());
    assertEquals(List.of("ADD one", "DEL one"), plugins.brief());
    assertNothingOnRecord();
  }

  private CniConfig withTimeout(Duration timeout) {
    CniConfig c = plugins.config();
    return new CniConfig(
        c.binDirs(),
        c.confDir(),
        1,
        false,
        "",
        c.ipPref(),
        timeout,
        c.statusInterval(),
        c.statusGracePeriod());
  }

  @Test
  void aCallerThatIsInterruptedLeavesTheUndoToTheBackground() throws InterruptedException {
    plugins.answer("one", "ADD", "sleep 1000");
    try (Cni cni = plugins.open()) {
      CompletableFuture<Throwable> thrown = new CompletableFuture<>();
      Thread caller =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  cni.setUp(pod("p1"));
                } catch (Throwable t) {
                  thrown.complete(t);
                }
              });
      Await.until("the plugin runs", () -> plugins.count("ADD one") == 1);

      caller.interrupt();

      assertEquals(CancelledException.class, thrown.join().getClass());
      Await.until("it is undone", () -> plugins.count("DEL one") == 1 && !onRecord("p1"));
    }
  }

  @Test
  void aPodThatIsSetUpAlreadyIsNotAddedTwice() {
    try (Cni cni = plugins.open()) {
      NetworkResult first = cni.setUp(pod("p1"));
      assertEquals(first, cni.setUp(pod("p1")));
    }
    try (Cni again = plugins.open()) {
      again.setUp(pod("p1"));
    }
    assertEquals(List.of("ADD one"), plugins.brief());
  }

  @Test
  void aPodInANewNamespaceIsAddedAnew() {
    try (Cni cni = plugins.open();
        TestNamespace other = new TestNamespace()) {
      cni.setUp(pod("p1"));
      cni.setUp(PodNetwork.of("p1", "space", "web", "uid-1", other.path(), "runc"));
    }
    assertEquals(List.of("ADD one", "DEL one", "ADD one"), plugins.brief());
  }

  @Test
  void aNextDaemonRemovesAsItWasAddedWhateverTheConfigurationSays() {
    NetworkResult result;
    try (Cni cni = plugins.open()) {
      result = cni.setUp(pod("p1"));
    }
    plugins.configure(
        "10-net.conflist", "{\"cniVersion\":\"1.0.0\",\"name\":\"new\",\"type\":\"two\"}");
    try (Cni next = plugins.open()) {
      assertEquals(Optional.of(result), next.result("p1"));

      next.tearDown("p1");

      assertEquals(Optional.empty(), next.result("p1"));
    }
    assertEquals(List.of("ADD one", "DEL one"), plugins.brief());
    Call del = plugins.calls().getLast();
    assertEquals("net", del.config().text("name"));
    assertEquals(List.of(1L, "x"), del.config().members().get("key"));
    assertEquals(plugins.calls().getFirst().arguments(), del.arguments());
    assertNothingOnRecord();
  }

  @Test
  void aNamespaceThatIsGoneIsNotNamed() throws IOException {
    Path leftover = directory.resolve("netns");
    try (Cni cni = plugins.open()) {
      cni.setUp(pod("p1"));
      namespace.close();
      cni.tearDown("p1");

      try (TestNamespace other = new TestNamespace()) {
        Files.createSymbolicLink(leftover, other.path());
        cni.setUp(PodNetwork.of("p2", "space", "web", "uid-1", leftover, "runc"));
      }
      Files.delete(leftover);
      Files.createFile(leftover);
      cni.tearDown("p2");
    }
    assertEquals(List.of("ADD one", "DEL one", "ADD one", "DEL one"), plugins.brief());
    assertEquals("", plugins.calls().get(1).netns());
    assertEquals("", plugins.calls().get(3).netns());
  }

  @Test
  void aDelThatFailsIsThrownAndTriedAgain() {
    plugins.answer("one", "DEL", "echo '{\"code\":5,\"msg\":\"disk\"}'; exit 1");
    try (Cni cni = plugins.open()) {
      cni.setUp(pod("p1"));

      var thrown = assertThrows(DaemonException.class, () -> cni.tearDown("p1"));

      assertEquals(
          "network \"net\": plugin \"one\": DEL for \"p1\": disk (code 5)", thrown.getMessage());
      Await.until("it is tried again", () -> plugins.count("DEL one") >= 3);
      assertEquals(Optional.empty(), cni.result("p1"));
      plugins.forget("one", "DEL");
      Await.until("it is gone", () -> !onRecord("p1"));
    }
  }

  @Test
  void aDelThatFailedIsDoneByTheNextDaemon() {
    plugins.answer("one", "DEL", "exit 1");
    try (Cni cni = plugins.open()) {
      cni.setUp(pod("p1"));
      assertThrows(DaemonException.class, () -> cni.tearDown("p1"));
    }
    assertTrue(onRecord("p1"));
    plugins.forget("one", "DEL");
    try (Cni next = plugins.open()) {
      Await.until("it is gone", () -> !onRecord("p1"));
      assertEquals(Optional.empty(), next.result("p1"));
    }
  }

  @Test
  void whatADaemonWasAddingWhenItDiedIsRemovedByTheNext() throws IOException {
    try (Cni cni = plugins.open()) {
      cni.setUp(pod("p1"));
    }
    Path record = plugins.state.resolve("attachments/p1.json");
    Files.writeString(
        record, Files.readString(record).replace("\"state\":\"ready\"", "\"state\":\"adding\""));

    try (Cni next = plugins.open()) {
      Await.until("it is gone", () -> !onRecord("p1"));
      assertEquals(Optional.empty(), next.result("p1"));
    }
    assertEquals(List.of("ADD one", "DEL one"), plugins.brief());
  }

  @Test
  void aDaemonThatStopsWhileItAddsLeavesTheRestToTheNext() {
    plugins.answer("one", "ADD", "sleep 1000");
    CompletableFuture<NetworkResult> added;
    try (Cni cni = plugins.open()) {
      added = CompletableFuture.supplyAsync(() -> cni.setUp(pod("p1")));
      Await.until("the plugin runs", () -> plugins.count("ADD one") == 1);
    }
    assertThrows(CompletionException.class, added::join);
    assertTrue(onRecord("p1"));
    try (Cni next = plugins.open()) {
      Await.until("it is gone", () -> !onRecord("p1"));
      assertEquals(Optional.empty(), next.result("p1"));
    }
    assertEquals(List.of("ADD one", "DEL one"), plugins.brief());
  }

  @Test
  void anIntentIsOnRecordBeforeAPluginRuns() throws IOException {
    Path record = plugins.state.resolve("attachments/p1.json");
    plugins.answer("one", "ADD", "cp " + record + " " + directory.resolve("seen"), "exit 1");
    try (Cni cni = plugins.open()) {
      assertThrows(DaemonException.class, () -> cni.setUp(pod("p1")));
    }
    assertTrue(Files.readString(directory.resolve("seen")).contains("\"state\":\"adding\""));
  }

  @Test
  void aPodWithADamagedRecordIsRemovedAsWellAsCanBe() throws IOException {
    try (Cni cni = plugins.open()) {
      cni.setUp(pod("p1"));
    }
    Files.writeString(plugins.state.resolve("attachments/p1.json"), "{\"id\":\"p1\",");
    try (Cni next = plugins.open()) {
      assertEquals(Optional.empty(), next.result("p1"));
      next.tearDown("p1");
    }
    assertEquals(List.of("ADD one", "DEL one"), plugins.brief());
    Call del = plugins.calls().getLast();
    assertEquals("p1", del.container());
    assertEquals("eth0", del.ifName());
    assertFalse(del.config().has("prevResult"));
    assertNothingOnRecord();
  }

  @Test
  void aContainerThatAPluginDoesNotKnowIsRemoved() {
    plugins.configure("10-net.conflist", CHAIN.formatted("1.0.0"));
    plugins.answer("two", "DEL", "echo '{\"code\":3,\"msg\":\"who?\"}'; exit 1");
    try (Cni cni = plugins.open()) {
      cni.setUp(pod("p1"));
      cni.tearDown("p1");
      cni.tearDown("p1");
    }
    assertEquals(List.of("ADD one", "ADD two", "DEL two", "DEL one"), plugins.brief());
    assertNothingOnRecord();
  }

  @Test
  void aCheckThatFailsSaysSo() {
    plugins.answer("one", "CHECK", "echo '{\"code\":101,\"msg\":\"no route\"}'; exit 1");
    try (Cni cni = plugins.open()) {
      assertThrows(NotFoundException.class, () -> cni.check("p1"));
      cni.setUp(pod("p1"));
      var thrown = assertThrows(FailedPreconditionException.class, () -> cni.check("p1"));
      assertEquals(
          "network \"net\": plugin \"one\": CHECK for \"p1\": no route (code 101)",
          thrown.getMessage());
    }
  }

  @Test
  void aNetworkMayForbidChecks() {
    plugins.configure(
        "10-net.conflist",
        FakePlugins.LIST.replace("\"plugins\"", "\"disableCheck\":true,\"plugins\""));
    try (Cni cni = plugins.open()) {
      cni.setUp(pod("p1"));
      cni.check("p1");
    }
    assertEquals(List.of("ADD one"), plugins.brief());
  }

  @Test
  void podsAreSetUpAtOnceAndOnePodInTurn() {
    Path gate = directory.resolve("gate");
    // Each ADD waits until two have begun: two pods at once get through, one after the other would
    // not.
    plugins.answer(
        "one",
        "ADD",
        "while [ $(grep -l '^ADD' " + directory + "/calls/* | wc -l) -lt 2 ]; do sleep 0.05; done",
        "echo '{\"cniVersion\":\"1.1.0\",\"ips\":[{\"address\":\"10.1.2.3/24\"}]}'");
    try (Cni cni = plugins.open()) {
      CompletableFuture<NetworkResult> other =
          CompletableFuture.supplyAsync(() -> cni.setUp(pod("p2")));
      assertEquals(List.of("10.1.2.3"), cni.setUp(pod("p1")).ips());
      other.join();

      plugins.answer("one", "DEL", "mkdir " + gate + " || exit 1; sleep 0.3; rmdir " + gate);
      CompletableFuture<Void> delete = CompletableFuture.runAsync(() -> cni.tearDown("p1"));
      cni.tearDown("p1");
      delete.join();
    }
    assertEquals(1, plugins.count("DEL one"));
  }

  private boolean onRecord(String id) {
    return Files.exists(plugins.state.resolve("attachments/" + id + ".json"));
  }

  private void assertNothingOnRecord() {
    try (var files = Files.list(plugins.state.resolve("attachments"))) {
      assertEquals(List.of(), files.toList());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
