package dev.carafe.plugin.runtime.shim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.runtime.sandbox.v1.CreateSandboxRequest;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.sandboxes.CreateSandbox;
import dev.carafe.spi.sandboxes.Sandbox;
import dev.carafe.spi.sandboxes.SandboxExit;
import dev.carafe.spi.sandboxes.SandboxKey;
import dev.carafe.spi.sandboxes.SandboxStatus;
import dev.carafe.spi.sandboxes.SandboxValue;
import dev.carafe.spi.sandboxes.StartedSandbox;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import dev.carafe.testkit.runtimes.Await;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@Timeout(60)
@ExtendWith(LeakCheck.class)
class ShimSandboxControllerTest {
  private static final SandboxKey KEY = new SandboxKey("testing", "one");
  private static final SandboxValue SPEC =
      new SandboxValue("types.example/Spec", "{\"x\": 1}".getBytes(StandardCharsets.UTF_8));

  private Path root;
  private FakeSandbox shim;
  private ShimSandboxController controller;

  /** A shim's program that only says where one listens already: {@code ROOT/NAMESPACE-ID}. */
  static String script(Path root) {
    return """
    while [ $# -gt 0 ]; do
      case "$1" in
      -namespace) ns=$2 ;;
      -id) id=$2 ;;
      start) echo unix://%s/$ns-$id ;;
      esac
      shift
    done
    """
        .formatted(root);
  }

  static CreateSandbox request(SandboxKey key, Path root) {
    Sandbox sandbox =
        new Sandbox(
            key.id(),
            new Sandbox.Runtime(root.resolve("containerd-shim-fake-v1").toString(), null),
            SPEC,
            Map.of(),
            Map.of(),
            Instant.EPOCH,
            Instant.EPOCH,
            "shim");
    return new CreateSandbox(
        key,
        sandbox,
        List.of(new Mount("bind", "/src", List.of("ro"))),
        new SandboxValue("types.example/Options", new byte[] {1, 2}),
        "/run/netns/x",
        Map.of("k", "v"));
  }

  @BeforeEach
  void open(WorkDirectory work) throws IOException {
    root = work.path();
    shim = work.closeLater(FakeSandbox.listen(root.resolve("testing-one")));
    FakeShim.program(root, script(root));
    work.closeLater(() -> controller.close());
    reopen();
  }

  private void reopen() {
    if (controller != null) {
      controller.close();
    }
    controller =
        ShimSandboxController.open(TestShims.config(), root.resolve("state"), root.resolve("work"));
  }

  private Path bundle() {
    return root.resolve("state/testing/one");
  }

  @Test
  void theShimIsToldEverythingAndItsAddressIsTold() throws Exception {
    // When
    controller.create(request(KEY, root));
    StartedSandbox started = controller.start(KEY);

    // Then
    CreateSandboxRequest created = shim.created;
    assertNotNull(created);
    assertEquals(bundle().toString(), created.getBundlePath());
    assertEquals("/run/netns/x", created.getNetnsPath());
    assertEquals(Map.of("k", "v"), created.getAnnotationsMap());
    assertEquals("types.example/Options", created.getOptions().getTypeUrl());
    assertEquals("/src", created.getRootfs(0).getSource());
    assertEquals("{\"x\": 1}", Files.readString(bundle().resolve("config.json")));
    assertEquals(4711, started.pid());
    assertEquals(Instant.ofEpochSecond(1000), started.createdAt());
    assertEquals("ttrpc+unix://" + root.resolve("testing-one"), started.address());
    SandboxStatus status = controller.status(KEY, true);
    assertEquals(started.address(), status.address());
    assertEquals(Map.of("vm", "fake"), status.info());
    assertEquals(Instant.ofEpochSecond(1000), controller.metrics(KEY).at());
    controller.shutdown(KEY);
    assertFalse(Files.exists(bundle()));
  }

  @Test
  void aShimThatRefusesLeavesNothing() {
    // Given
    shim.refused = "CreateSandbox";

    // When
    RuntimeException failure =
        assertThrows(RuntimeException.class, () -> controller.create(request(KEY, root)));

    // Then
    assertEquals("no room for CreateSandbox", failure.getMessage());
    assertFalse(Files.exists(bundle()));
    assertThrows(NotFoundException.class, () -> controller.status(KEY, false));
    shim.refused = null;
    controller.create(request(KEY, root));
    controller.shutdown(KEY);
  }

  @Test
  void aProgramThatIsNotThereLeavesNothing() throws Exception {
    // Given
    Files.delete(root.resolve("containerd-shim-fake-v1"));

    // Then
    assertThrows(NotFoundException.class, () -> controller.create(request(KEY, root)));
    assertFalse(Files.exists(bundle()));
  }

  @Test
  void aShimThatDiesEndsItsSandbox() throws Exception {
    // Given
    controller.create(request(KEY, root));
    controller.start(KEY);
    CompletableFuture<SandboxExit> exit =
        CompletableFuture.supplyAsync(() -> {
          try {
            return controller.await(KEY);
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
    Await.until("somebody waits", () -> shim.asked.contains("WaitSandbox"));

    // When
    shim.close();
    Files.deleteIfExists(root.resolve("testing-one"));

    // Then
    assertEquals(SandboxExit.UNKNOWN_CODE, exit.get(30, TimeUnit.SECONDS).code());
    SandboxStatus status = controller.status(KEY, false);
    assertEquals(SandboxStatus.NOT_READY, status.state());
    assertNotNull(status.exitedAt());

    // When
    reopen();

    // Then
    assertEquals(status.exitedAt(), controller.await(KEY).exitedAt());
    controller.stop(KEY, Duration.ofSeconds(1));
    controller.shutdown(KEY);
    assertFalse(Files.exists(bundle()));
  }

  @Test
  void oneThatAnswersAtTheOldAddressMustKnowTheSandbox() throws Exception {
    // Given
    controller.create(request(KEY, root));
    controller.start(KEY);

    // When
    reopen();
    controller.status(KEY, false);

    // Then
    assertTrue(shim.asked.contains("PingSandbox"), shim.asked::toString);
    controller.shutdown(KEY);
  }

  @Test
  void whatADaemonDidNotFinishIsRemovedByTheNext() throws Exception {
    // Given
    controller.create(request(KEY, root));
    controller.close();
    SandboxRecord cutOff = new SandboxRecord("testing", "one", "/bin/true", null, 0, "", "", null);
    Files.write(bundle().resolve(SandboxRecord.FILE), ShimState.bytes(cutOff));

    // When
    reopen();

    // Then
    Await.until("it is gone", () -> !Files.exists(bundle()));
    assertThrows(NotFoundException.class, () -> controller.status(KEY, false));
  }
}
