package dev.carafe.plugin.sandbox.pod;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.linux.Fd;
import dev.carafe.linux.Mounter;
import dev.carafe.linux.Namespaces;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.sandboxes.CreateSandbox;
import dev.carafe.spi.sandboxes.Sandbox;
import dev.carafe.spi.sandboxes.SandboxKey;
import dev.carafe.spi.sandboxes.SandboxStatus;
import dev.carafe.spi.sandboxes.SandboxValue;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
@EnabledIfSystemProperty(named = "user.name", matches = "root", disabledReason = "namespaces")
class PodSandboxControllerTest {
  private static final SandboxKey KEY = new SandboxKey("space", "pod");

  private Path state;
  private PodSandboxController controller;

  @BeforeEach
  void open(WorkDirectory work) {
    state = work.path();
    controller = newDaemon();
    work.closeLater(() -> {
      try {
        controller.shutdown(KEY);
      } catch (dev.carafe.spi.errors.NotFoundException e) {
        // Gone already.
      }
    });
  }

  private PodSandboxController newDaemon() {
    return PodSandboxController.open(state, Mounter.kernel(), Clock.systemUTC());
  }

  private static CreateSandbox request(String options, String network) {
    Sandbox sandbox =
        new Sandbox(
            "pod",
            Sandbox.Runtime.NONE,
            null,
            Map.of(),
            Map.of(),
            Instant.EPOCH,
            Instant.EPOCH,
            "pod");
    SandboxValue value =
        options.isEmpty()
            ? null
            : new SandboxValue(PodOptions.TYPE, options.getBytes(StandardCharsets.UTF_8));
    return new CreateSandbox(KEY, sandbox, List.of(), value, network, Map.of());
  }

  private Map<String, String> started(String options, String network) {
    controller.create(request(options, network));
    controller.start(KEY);
    return controller.status(KEY, true).info();
  }

  /** Which namespace this is. */
  private static String identity(Path file) {
    try {
      return Files.getAttribute(file, "unix:ino").toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String readIn(String namespace, int type, String file) {
    try (Fd fd = PathCalls.openat(Fd.CWD, RawPath.of(namespace), OpenFlags.RDONLY, 0)) {
      return Namespaces.in(
          fd,
          type,
          () -> {
            try {
              return Files.readString(Path.of(file));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
  }

  @Test
  void namespacesAreThePodsOwnAndTheHostsStayAsTheyAre() {
    // Given
    String host = identity(Path.of("/proc/self/ns/net"));
    // When
    Map<String, String> info = started("", "");
    // Then
    assertEquals(Set.of("namespace.net", "namespace.ipc", "namespace.uts"), info.keySet());
    assertNotEquals(host, identity(Path.of(info.get("namespace.net"))));
    assertEquals(host, identity(Path.of("/proc/self/ns/net")));
    String devices =
        readIn(info.get("namespace.net"), Namespaces.NEWNET, "/proc/thread-self/net/dev");
    assertEquals(1, devices.lines().filter(line -> line.contains(":")).count(), devices);
  }

  @Test
  void hostnameIsThePods() throws IOException {
    String before = Files.readString(Path.of("/proc/sys/kernel/hostname"));
    Map<String, String> info = started("{\"hostname\":\"pod-1\",\"namespaces\":[\"uts\"]}", "");
    assertEquals(
        "pod-1\n",
        readIn(info.get("namespace.uts"), Namespaces.NEWUTS, "/proc/sys/kernel/hostname"));
    assertEquals(before, Files.readString(Path.of("/proc/sys/kernel/hostname")));
    assertEquals(Set.of("namespace.uts", "hostname"), info.keySet());
  }

  @Test
  void aUserNamespaceHasItsMappingOwnsTheOthersAndSurvivesTheDaemon() {
    // When
    Map<String, String> info =
        started(
            "{\"hostname\":\"pod-1\",\"namespaces\":[\"net\",\"ipc\",\"uts\",\"user\"],"
                + "\"uid_map\":\"0:100000:65536\",\"gid_map\":\"0:200000:65536\"}",
            "");
    controller = newDaemon();

    // Then
    assertEquals(info, controller.status(KEY, true).info());
    assertNotEquals(
        identity(Path.of("/proc/self/ns/user")), identity(Path.of(info.get("namespace.user"))));
    assertEquals(
        "pod-1\n",
        readIn(info.get("namespace.uts"), Namespaces.NEWUTS, "/proc/sys/kernel/hostname"));
    // The owner of the network's files is who is root in the owning user namespace.
    assertEquals("100000 200000", in(info, "stat", "-c", "%u %g", "/proc/sys/net/ipv4/ip_forward"));
    assertEquals("0 100000 65536", inUsers(info, "cat", "/proc/self/uid_map"));
  }

  private static String in(Map<String, String> info, String... command) {
    return output("--net=" + info.get("namespace.net"), command);
  }

  private static String inUsers(Map<String, String> info, String... command) {
    return output("--user=" + info.get("namespace.user"), command);
  }

  private static String output(String namespace, String... command) {
    try {
      List<String> words = new ArrayList<>(List.of("nsenter", namespace, "--"));
      words.addAll(List.of(command));
      Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
      byte[] out = process.getInputStream().readAllBytes();
      return new String(out, StandardCharsets.UTF_8).strip().replaceAll("\\s+", " ");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void networkThatTheClientBroughtIsShownAndLeftAlone() {
    Map<String, String> info = started("", "/proc/self/ns/net");
    assertEquals("/proc/self/ns/net", info.get("namespace.net"));
    assertFalse(Files.exists(state.resolve("space/pod/ns/net")));
    controller.shutdown(KEY);
    assertTrue(Files.exists(Path.of("/proc/self/ns/net")));
  }

  @Test
  void namespacesSurviveTheDaemonAndGoWithTheSandbox() throws IOException {
    // Given
    Map<String, String> info = started("", "");
    String network = identity(Path.of(info.get("namespace.net")));
    // When
    controller = newDaemon();
    // Then
    assertEquals(info, controller.status(KEY, true).info());
    assertEquals(network, identity(Path.of(info.get("namespace.net"))));
    controller.shutdown(KEY);
    try (Stream<Path> left = Files.list(state.resolve("space"))) {
      assertEquals(List.of(), left.toList());
    }
  }

  @Test
  void sandboxWhoseNamespacesAreGoneHasEnded() throws Exception {
    Map<String, String> info = started("", "");
    Mounter.kernel().detachAll(Path.of(info.get("namespace.ipc")));
    controller = newDaemon();
    assertEquals(SandboxStatus.NOT_READY, controller.status(KEY, false).state());
    assertEquals(255, controller.await(KEY).code());
  }

  @Test
  void sandboxThatIsHalfMadeOrHalfRemovedGoesAtTheNextStart() throws IOException {
    started("", "");
    Files.delete(state.resolve("space/pod/sandbox.json"));
    Files.createDirectories(state.resolve("space/empty"));
    controller = newDaemon();
    assertFalse(Files.exists(state.resolve("space/pod")));
    assertFalse(Files.exists(state.resolve("space/empty")));
    controller.create(request("", ""));
  }

  @Test
  void recordThatCannotBeReadStopsNoOther() throws IOException {
    Files.createDirectories(state.resolve("space/bad"));
    Files.writeString(state.resolve("space/bad/sandbox.json"), "{");
    started("", "");
    controller = newDaemon();
    assertEquals(SandboxStatus.READY, controller.status(KEY, false).state());
  }

  @Test
  void namespacesThatCannotBeMadeLeaveTheSandboxCreated() throws Exception {
    controller.create(request("", ""));
    Path blocked = state.resolve("space/pod/ns");
    Files.createFile(blocked);
    assertThrows(UncheckedIOException.class, () -> controller.start(KEY));
    Files.delete(blocked);
    controller.start(KEY);
    controller.stop(KEY, Duration.ZERO);
  }

  @Test
  void wrongRequestsAreRefused() {
    for (CreateSandbox wrong :
        List.of(
            request("", "/nowhere/at/all"),
            request("", "relative"),
            request("{\"hostname\":\"a b\"}", ""),
            request("{\"hostname\":\"a\",\"namespaces\":[\"net\"]}", ""),
            request("{\"namespaces\":[\"pid\"]}", ""),
            request("{\"namespaces\":[\"user\"]}", ""),
            request("{\"uid_map\":\"0:1:1\",\"gid_map\":\"0:1:1\"}", ""),
            request("{\"namespaces\":[\"user\"],\"uid_map\":\"0:1:1\",\"gid_map\":\"x\"}", ""),
            request("{\"namespaces\":7}", ""),
            request("no json", ""),
            new CreateSandbox(
                new SandboxKey("space", "../up"),
                request("", "").sandbox(),
                List.of(),
                null,
                "",
                Map.of()),
            new CreateSandbox(
                KEY,
                request("", "").sandbox(),
                List.of(),
                new SandboxValue("x", new byte[1]),
                "",
                Map.of()),
            new CreateSandbox(
                KEY,
                request("", "").sandbox(),
                List.of(new Mount("bind", "/", List.of())),
                null,
                "",
                Map.of()))) {
      assertThrows(InvalidArgumentException.class, () -> controller.create(wrong));
    }
    controller.create(request("", ""));
    assertThrows(UnimplementedException.class, () -> controller.metrics(KEY));
  }
}
