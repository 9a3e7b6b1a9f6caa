package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.Any;
import com.google.protobuf.FieldMask;
import dev.carafe.api.services.containers.v1.Container;
import dev.carafe.api.services.containers.v1.ContainersGrpc;
import dev.carafe.api.services.containers.v1.UpdateContainerRequest;
import dev.carafe.api.services.events.v1.EventsGrpc;
import dev.carafe.api.services.events.v1.PublishRequest;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The debug page: who gets it, what it says, and how it looks in a browser. */
@ExtendWith(LeakCheck.class)
class DebugPageIT {
  private static final String ON = "[debug]\naddress = \"127.0.0.1:0\"\n";
  private static final String IMAGE = ImageStock.busybox().name();
  private static final String HOSTILE = "<img src=x onerror=\"hacked=1\"><script>hacked=1</script>";

  /** Where the test leaves pictures of the page, to be looked at. */
  private static final Path PICTURES = Path.of("target/debug-page");

  /** Where a daemon says that its page is. */
  private static URI page(TestDaemon daemon) {
    Matcher matcher = Pattern.compile("debug page on (http://\\S+)").matcher(daemon.log());
    assertTrue(matcher.find(), daemon::log);
    return URI.create(matcher.group(1));
  }

  private static String get(SocketAddress address, String path, String host) throws IOException {
    try (SocketChannel channel = SocketChannel.open(address)) {
      String request = "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
      channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8)));
      return new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static JsonNode snapshot(SocketAddress address) throws IOException {
    String answer = get(address, "/api/snapshot", "localhost");
    return Carafe.parse(answer.substring(answer.indexOf("\r\n\r\n") + 4));
  }

  private static SocketAddress address(TestDaemon daemon) {
    return new InetSocketAddress("127.0.0.1", page(daemon).getPort());
  }

  /** Finds the one of a list whose member has this value. */
  private static JsonNode find(JsonNode list, String member, String value) {
    for (JsonNode one : list) {
      if (one.path(member).asText().equals(value)) {
        return one;
      }
    }
    throw new AssertionError("no " + member + " " + value + " in " + list);
  }

  @Test
  void itIsOffByDefault(Lab lab) {
    TestDaemon daemon = lab.daemon();
    assertFalse(daemon.log().contains("debug page"), daemon::log);
    String defaults = daemon.program("config", "default").run().ok();
    String table = defaults.substring(defaults.indexOf("\n[debug]"));
    assertTrue(table.lines().anyMatch(line -> line.equals("address = \"\"")), table);
  }

  @Test
  void itIsForThisMachineOnly(Lab lab) throws IOException {
    // What is not loopback is refused before anything starts.
    for (String wrong :
        List.of("0.0.0.0:1339", "192.0.2.1:1339", ":1339", "example.com:80", "1339")) {
      TestDaemon daemon = lab.newDaemon().config("[debug]\naddress = \"" + wrong + "\"\n");
      String error = daemon.program().run().code(1).oneLineError();
      assertTrue(error.contains("debug") && error.contains("\"" + wrong + "\""), error);
      assertTrue(error.contains("neither a loopback address"), error);
    }
    // Nor does another name get the page, as a page from elsewhere would use one.
    TestDaemon daemon = lab.daemon(ON);
    assertTrue(get(address(daemon), "/", "localhost:80").startsWith("HTTP/1.1 200 "));
    assertTrue(get(address(daemon), "/", "rebound.example").startsWith("HTTP/1.1 403 "));
  }

  @Test
  void onAUnixSocketItIsForRootOnly(Lab lab) throws IOException {
    // Given
    Path socket = lab.work().resolve("debug.sock");
    TestDaemon daemon = lab.daemon("[debug]\naddress = \"" + socket + "\"\n");
    SocketAddress address = UnixDomainSocketAddress.of(socket);
    // Then
    assertEquals("rw-rw----", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
    assertTrue(get(address, "/", "localhost").contains("<title>Carafe</title>"));
    assertEquals(daemon.pid(), snapshot(address).at("/process/pid").asLong());
    assertTrue(get(address, "/", "rebound.example").startsWith("HTTP/1.1 403 "));
    daemon.stop();
    assertFalse(Files.exists(socket));
  }

  @Test
  void theFiguresAreThoseOfTheDaemon(Lab lab) throws IOException {
    // Given
    TestDaemon daemon = lab.daemon(ON);
    Carafe carafe = daemon.carafe();
    carafe.ok("pull", "--quiet", IMAGE);
    carafe.ok("run", "-d", IMAGE, "shown", "sleep", "1000");
    carafe.ok("leases", "create", "--id", "held", "--expires", "1h");
    carafe.ok("gc");
    // When
    JsonNode now =
        Await.value(
            "figures of the task",
            Await.PATIENCE,
            () -> {
              JsonNode read = snapshot(address(daemon));
              return read.at("/tasks/list/0/memory").asLong() > 0 ? read : null;
            });
    // Then
    JsonNode task = find(now.at("/tasks/list"), "id", "shown");
    JsonNode listed = find(carafe.json("tasks", "ls", "--format", "json"), "id", "shown");
    assertEquals(listed.path("pid").asLong(), task.path("pid").asLong());
    assertEquals("running", task.path("state").asText());
    assertEquals(lab.namespace(), task.path("namespace").asText());
    assertEquals(IMAGE, task.path("image").asText());
    assertTrue(task.path("cpuNanos").asLong() > 0, task::toString);
    assertEquals(1, now.at("/tasks/count").asInt());

    assertEquals(
        plugins(carafe.json("plugins", "ls", "--format", "json")),
        plugins(now.at("/plugins/list")));
    assertTrue(find(now.at("/plugins/list"), "id", "bolt").path("calls").isNumber());

    assertEquals(
        lab.namespace(), find(now.at("/leases/list"), "id", "held").path("namespace").asText());
    assertTrue(now.at("/gc/count").asInt() >= 1, now::toString);
    assertTrue(now.at("/gc/last/0/millis").asDouble() > 0, now::toString);
    JsonNode pull = find(now.at("/work/ended"), "operation", "pull");
    assertTrue(pull.path("subject").asText().contains(IMAGE), pull::toString);
    assertTrue(pull.path("total").asLong() > 0, pull::toString);
    assertEquals("", pull.path("error").asText());

    JsonNode started = find(now.at("/events/last"), "topic", "/tasks/start");
    assertTrue(started.path("text").asText().contains("containerId=shown"), started::toString);

    assertEquals(daemon.pid(), now.at("/process/pid").asLong());
    for (String figure :
        List.of("rss", "heap", "threads", "descriptors", "cpuNanos", "uptimeMillis")) {
      assertTrue(now.at("/process/" + figure).asLong() > 0, figure);
    }
  }

  private static Set<String> plugins(JsonNode list) {
    Set<String> names = new TreeSet<>();
    list.forEach(one -> names.add(one.path("type").asText() + "." + one.path("id").asText()));
    return names;
  }

  @Test
  void aPullIsShownWhileItRuns(Lab lab) throws Exception {
    // Given
    TestDaemon daemon = lab.daemon(ON);
    RegistryProxy slow = lab.closeLater(RegistryProxy.start()).bytesPerSecond(2 << 20);
    ImageStock.Stocked image =
        ImageStock.pushed("debug-page", () -> TestImage.of(ImageStock.randomLayers(3, 4 << 20, 5)));
    // When
    try (Program.Running pull =
        daemon.carafe().program("pull", "--quiet", slow.name(image)).start()) {
      JsonNode flow =
          Await.value(
              "the pull with bytes",
              Await.PATIENCE,
              () -> {
                JsonNode one = snapshot(address(daemon)).at("/work/running/0");
                return one.path("done").asLong() > 1 << 20 ? one : null;
              });
      // Then
      assertEquals("pull", flow.path("operation").asText());
      assertTrue(flow.path("subject").asText().contains(slow.host()), flow::toString);
      assertTrue(flow.path("total").asLong() >= 12 << 20, flow::toString);
      assertTrue(flow.path("done").asLong() < flow.path("total").asLong(), flow::toString);
      assertEquals(0, pull.await(Await.PATIENCE).code());
    }
    assertEquals(0, snapshot(address(daemon)).at("/work/running").size());
  }

  @Test
  void failedAndDisabledPluginsStandOutInEveryPicture(Lab lab) throws IOException {
    // Given
    Path plugins = lab.directory("plugins");
    Files.writeString(plugins.resolve("broken.jar"), "not a jar");
    TestDaemon daemon =
        lab.daemon(
            """
            plugin_dirs = ["%s"]
            disabled_plugins = ["io.containerd.snapshotter.v1.native"]
            """
                    .formatted(plugins)
                + ON);
    Carafe carafe = daemon.carafe();
    Path file = lab.work().resolve("graph.svg");
    // When
    carafe.ok("plugins", "graph", "--format", "svg", "--output", file.toString());
    String dot = carafe.ok("plugins", "graph", "--format", "dot");
    String tree = carafe.ok("plugins", "graph");
    // Then
    String svg = Files.readString(file);
    int count = carafe.json("plugins", "ls", "--format", "json").size();
    String answer = get(address(daemon), "/graph.svg", "localhost");
    for (String picture : List.of(svg, answer)) {
      assertEquals(count, picture.split("class=\"plugin ", -1).length - 1);
      assertTrue(
          picture.contains("class=\"plugin failed\" data-plugin=\"dev.carafe.jar.v1.broken.jar\""));
      assertTrue(
          picture.contains(
              "class=\"plugin disabled\" data-plugin=\"io.containerd.snapshotter.v1.native\""));
    }
    assertTrue(answer.contains("style-src 'sha256-"), answer);
    assertEquals(count, dot.split("tooltip=", -1).length - 1);
    assertTrue(dot.contains("#cf222e"), dot);
    assertTrue(tree.contains("dev.carafe.jar.v1.broken.jar  [failed: "), tree);
    assertTrue(tree.contains("io.containerd.snapshotter.v1.native  [disabled]"), tree);
    assertEquals(2, carafe.run("plugins", "graph", "--format", "pdf").code());
  }

  @Test
  void theBrowserShowsItLive(Lab lab) throws Exception {
    assumeTrue(
        Browser.program().isPresent(),
        "chromium is not installed (./dev test installs it where it can be had)");
    // Given
    TestDaemon daemon = lab.daemon(ON);
    Carafe carafe = daemon.carafe();
    carafe.ok("pull", "--quiet", IMAGE);
    Browser browser =
        lab.closeLater(Browser.start(Browser.program().get(), lab.directory("browser")));
    browser.resize(1280, 800);
    browser.colours("light");

    // When it is opened, the graph is there.
    String url = page(daemon).toString();
    browser.open(url);
    int plugins = carafe.json("plugins", "ls", "--format", "json").size();
    browser.await("document.querySelectorAll('#graph .plugin.running').length === " + plugins);
    browser.await("document.getElementById('status').textContent === 'live'");
    assertEquals(
        "true",
        browser
            .evaluate(
                "String(document.querySelector('[data-plugin$=\".overlayfs\"] title').textContent.includes('created in'))")
            .asText());

    // A container that begins to run appears by itself, and goes by itself.
    carafe.ok("run", "-d", IMAGE, "seen", "sh", "-c", "while :; do :; done");
    browser.await(
        "[...document.querySelectorAll('#tasks-rows tr')].some(row =>"
            + " row.cells[0].textContent.endsWith('/seen') && row.textContent.includes('running')"
            + " && /MiB|KiB/.test(row.textContent) && / %$/.test(row.lastChild.textContent)"
            + " && parseFloat(row.lastChild.textContent) > 1)");
    browser.await("document.getElementById('events-rows').textContent.includes('/tasks/start')");

    // What others call things stays text.
    hostile(daemon, "seen");
    browser.await(
        "document.getElementById('tasks-rows').textContent.includes('<script>hacked=1</script>')");
    browser.await(
        "document.getElementById('events-rows').textContent.includes('onerror=\"hacked=1\"')");
    assertEquals("undefined", browser.evaluate("typeof window.hacked").asText());
    assertEquals(
        0, browser.evaluate("document.querySelectorAll('main script, main img').length").asInt());

    // It fits, in both colours, on both widths.
    pictures(browser);

    // It can be used by keyboard: the first stop leads past the menu, the graph's cards are stops.
    browser.resize(1280, 800);
    browser.open(url);
    browser.await("document.querySelectorAll('#graph .kind[tabindex=\"0\"]').length > 5");
    browser.press("Tab", 9);
    assertEquals("#main", browser.evaluate("document.activeElement.getAttribute('href')").asText());
    browser.evaluate("document.querySelector('[data-kind$=\".transfer.v1\"]').focus()");
    assertTrue(browser.evaluate("document.querySelectorAll('.edge.near').length").asInt() > 1);

    carafe.ok("tasks", "kill", "--signal", "KILL", "seen");
    browser.await("document.getElementById('tasks-rows').textContent.includes('stopped')");
    carafe.ok("tasks", "rm", "seen");
    browser.await("document.getElementById('tasks-rows').textContent.includes('Nothing runs')");
    carafe.ok("containers", "rm", "seen");

    // Then nobody complained, and nobody else was asked for anything.
    assertEquals(List.of(), browser.complaints());
    for (String request : browser.requests()) {
      assertTrue(request.startsWith(url), request);
    }
    daemon.stop();
    browser.await("document.getElementById('status').textContent === 'no answer'");
  }

  /** An image's name and an event's type as nobody should choose them. */
  private static void hostile(TestDaemon daemon, String container) {
    ContainersGrpc.newBlockingStub(daemon.api().in(daemon.namespace()))
        .withDeadlineAfter(30, TimeUnit.SECONDS)
        .update(
            UpdateContainerRequest.newBuilder()
                .setContainer(Container.newBuilder().setId(container).setImage(HOSTILE))
                .setUpdateMask(FieldMask.newBuilder().addPaths("image"))
                .build());
    EventsGrpc.newBlockingStub(daemon.api().in(daemon.namespace()))
        .withDeadlineAfter(30, TimeUnit.SECONDS)
        .publish(
            PublishRequest.newBuilder()
                .setTopic("/test/hostile")
                .setEvent(Any.newBuilder().setTypeUrl("x/" + HOSTILE))
                .build());
  }

  private static void pictures(Browser browser) throws IOException {
    for (int width : List.of(1280, 480)) {
      for (String scheme : List.of("light", "dark")) {
        browser.resize(width, 900);
        browser.colours(scheme);
        browser.await(
            "matchMedia('(prefers-color-scheme: %s)').matches && innerWidth === %d"
                .formatted(scheme, width));
        assertTrue(
            browser.evaluate("document.documentElement.scrollWidth").asInt() <= width,
            "wider than " + width);
        browser.screenshot(PICTURES.resolve(scheme + "-" + width + ".png"), false);
      }
    }
  }
}
