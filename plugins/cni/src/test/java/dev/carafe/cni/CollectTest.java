package dev.carafe.cni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.cni.FakePlugins.Call;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class CollectTest {
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
  void podsOfAnEarlierDaemonThatAreNoMoreAreRemovedAndPluginsHearWhatIsValid() {
    try (Cni cni = plugins.open()) {
      cni.setUp(pod("dead"));
      cni.setUp(pod("live"));
    }
    try (Cni next = plugins.open()) {
      next.setUp(pod("new"));

      next.collect(Set.of("live"));

      assertTrue(next.result("live").isPresent());
      assertTrue(next.result("new").isPresent());
      assertFalse(next.result("dead").isPresent());
    }
    assertEquals(List.of("ADD one", "ADD one", "ADD one", "DEL one", "GC one"), plugins.brief());
    assertEquals("dead", plugins.calls().get(3).container());
    Call collection = plugins.calls().getLast();
    assertEquals("", collection.container());
    assertEquals("net", collection.config().text("name"));
    assertEquals(
        Set.of(
            Map.of("containerID", "live", "ifname", "eth0"),
            Map.of("containerID", "new", "ifname", "eth0")),
        Set.copyOf((List<?>) collection.config().members().get("cni.dev/valid-attachments")));
  }

  @Test
  void aRemovalThatFailsIsTriedAgainAndIsValidUntilThen() {
    try (Cni cni = plugins.open()) {
      cni.setUp(pod("dead"));
    }
    plugins.answer("one", "DEL", "exit 1");
    try (Cni next = plugins.open()) {
      next.collect(Set.of());
      assertTrue(
          String.valueOf(plugins.calls().stream().filter(c -> c.verb().equals("GC")).toList())
              .contains("dead"));
      plugins.forget("one", "DEL");
      long before = plugins.count("DEL one");
      Await.until("it is tried again", () -> plugins.count("DEL one") > before);
    }
  }

  @Test
  void aPodThatIsAskedForAgainIsNotCollected() {
    try (Cni cni = plugins.open()) {
      cni.setUp(pod("p1"));
    }
    try (Cni next = plugins.open()) {
      next.setUp(pod("p1"));
      next.collect(Set.of());
      assertTrue(next.result("p1").isPresent());
    }
  }

  @Test
  void nothingIsAddedWhilePluginsCollect() {
    Path gate = directory.resolve("gate");
    plugins.answer("one", "GC", "touch " + gate + "; sleep 0.5; rm " + gate);
    plugins.answer(
        "one",
        "ADD",
        "[ ! -e " + gate + " ] || exit 1",
        "echo '{\"cniVersion\":\"1.1.0\",\"ips\":[{\"address\":\"10.1.2.3/24\"}]}'");
    try (Cni cni = plugins.open()) {
      CompletableFuture<Void> collection = CompletableFuture.runAsync(() -> cni.collect(Set.of()));
      Await.until("plugins collect", () -> Files.exists(gate));

      assertEquals(List.of("10.1.2.3"), cni.setUp(pod("p1")).ips());

      collection.join();
    }
  }

  @Test
  void networksBefore11AndThoseThatForbidItAreNotCollected() {
    plugins.configure("10-net.conflist", FakePlugins.LIST.replace("1.1.0", "1.0.0"));
    try (Cni cni = plugins.open()) {
      cni.collect(Set.of());
    }
    plugins.configure(
        "10-net.conflist",
        FakePlugins.LIST.replace("\"plugins\"", "\"disableGC\":true,\"plugins\""));
    try (Cni cni = plugins.open()) {
      cni.collect(Set.of());
    }
    assertEquals(List.of(), plugins.brief());
  }

  @Test
  void allPluginsCollectWhicheverFails() {
    plugins.configure(
        "10-net.conflist",
        "{\"cniVersion\":\"1.1.0\",\"name\":\"net\",\"plugins\":[{\"type\":\"one\"},{\"type\":\"two\"}]}");
    plugins.answer("one", "GC", "exit 1");
    try (Cni cni = plugins.open()) {
      cni.collect(Set.of());
    }
    assertEquals(List.of("GC one", "GC two"), plugins.brief());
  }

  @Test
  void muchInputReachesThePlugin() {
    // More than a pipe holds.
    plugins.configure(
        "10-net.conflist", FakePlugins.LIST.replace("\"x\"", "\"" + "x".repeat(200_000) + "\""));
    try (Cni cni = plugins.open()) {
      cni.setUp(pod("p1"));
      cni.collect(Set.of());
    }
    assertEquals(List.of("ADD one", "GC one"), plugins.brief());
    assertEquals(
        200_000,
        ((String) ((List<?>) plugins.calls().getLast().config().members().get("key")).get(1))
            .length());
  }
}
