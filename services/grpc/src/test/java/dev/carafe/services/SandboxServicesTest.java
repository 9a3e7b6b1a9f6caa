package dev.carafe.services;

import static dev.carafe.services.Wire.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.services.sandbox.v1.ControllerCreateRequest;
import dev.carafe.api.services.sandbox.v1.ControllerGrpc;
import dev.carafe.api.services.sandbox.v1.ControllerGrpc.ControllerBlockingStub;
import dev.carafe.api.services.sandbox.v1.ControllerMetricsRequest;
import dev.carafe.api.services.sandbox.v1.ControllerPlatformRequest;
import dev.carafe.api.services.sandbox.v1.ControllerShutdownRequest;
import dev.carafe.api.services.sandbox.v1.ControllerStartRequest;
import dev.carafe.api.services.sandbox.v1.ControllerStartResponse;
import dev.carafe.api.services.sandbox.v1.ControllerStatusRequest;
import dev.carafe.api.services.sandbox.v1.ControllerStatusResponse;
import dev.carafe.api.services.sandbox.v1.ControllerStopRequest;
import dev.carafe.api.services.sandbox.v1.ControllerUpdateRequest;
import dev.carafe.api.services.sandbox.v1.ControllerWaitRequest;
import dev.carafe.api.services.sandbox.v1.StoreCreateRequest;
import dev.carafe.api.services.sandbox.v1.StoreDeleteRequest;
import dev.carafe.api.services.sandbox.v1.StoreGetRequest;
import dev.carafe.api.services.sandbox.v1.StoreGrpc;
import dev.carafe.api.services.sandbox.v1.StoreGrpc.StoreBlockingStub;
import dev.carafe.api.services.sandbox.v1.StoreListRequest;
import dev.carafe.api.services.sandbox.v1.StoreUpdateRequest;
import dev.carafe.api.types.Sandbox;
import dev.carafe.engine.sandboxes.SandboxManager;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.sandboxes.SandboxKey;
import io.grpc.Status.Code;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SandboxServicesTest extends ServiceTest {
  private StoreBlockingStub store;
  private ControllerBlockingStub controller;

  @Override
  void connect() {
    store = StoreGrpc.newBlockingStub(wire.channel());
    controller = ControllerGrpc.newBlockingStub(wire.channel());
  }

  private static Sandbox.Builder sandbox(String id) {
    return Sandbox.newBuilder()
        .setSandboxId(id)
        .setRuntime(Sandbox.Runtime.newBuilder().setName("runc").setOptions(Records.ODD))
        .setSpec(Records.ODD)
        .putLabels("a", "1")
        .putExtensions("ext.one/x", Records.ODD)
        .setSandboxer("memory");
  }

  private Sandbox create(Sandbox.Builder sandbox) {
    return store.create(StoreCreateRequest.newBuilder().setSandbox(sandbox).build()).getSandbox();
  }

  private Sandbox get(String id) {
    return store.get(StoreGetRequest.newBuilder().setSandboxId(id).build()).getSandbox();
  }

  private Sandbox update(Sandbox.Builder sandbox, String... fields) {
    return store
        .update(
            StoreUpdateRequest.newBuilder()
                .setSandbox(sandbox)
                .addAllFields(List.of(fields))
                .build())
        .getSandbox();
  }

  @Test
  void recordsAreKeptByteForByte() {
    Sandbox created = create(sandbox("s").putLabels("empty", ""));
    assertEquals(
        sandbox("s").build(), created.toBuilder().clearCreatedAt().clearUpdatedAt().build());
    assertEquals(created, get("s"));
    refused(Code.ALREADY_EXISTS, "sandbox \"s\": already exists", () -> create(sandbox("s")));
    refused(Code.INVALID_ARGUMENT, () -> create(sandbox("a b")));
    refused(Code.INVALID_ARGUMENT, () -> create(sandbox("")));
    StoreDeleteRequest deletion = StoreDeleteRequest.newBuilder().setSandboxId("s").build();
    store.delete(deletion);
    String missing = "sandbox \"s\" in namespace \"testing\": not found";
    refused(Code.NOT_FOUND, missing, () -> get("s"));
    refused(Code.NOT_FOUND, missing, () -> store.delete(deletion));
    refused(Code.NOT_FOUND, missing, () -> update(sandbox("s")));
  }

  @Test
  void updatesFollowTheFields() {
    Sandbox created = create(sandbox("s"));
    assertEquals(
        Map.of("a", "1", "b.c/d", "2"),
        update(sandbox("s").putLabels("b.c/d", "2").putLabels("a", "9"), "labels.b.c/d")
            .getLabelsMap());
    assertEquals(
        Map.of(),
        update(sandbox("s").clearExtensions(), "extensions.ext.one/x").getExtensionsMap());
    assertEquals(
        "other",
        update(sandbox("s").setRuntime(Sandbox.Runtime.newBuilder().setName("other")), "runtime")
            .getRuntime()
            .getName());
    assertEquals(false, update(sandbox("s").clearSpec(), "spec").hasSpec());
    refused(
        Code.INVALID_ARGUMENT,
        "cannot update \"sandboxer\" field on sandbox \"s\"",
        () -> update(sandbox("s").setSandboxer("x"), "sandboxer"));
    refused(
        Code.INVALID_ARGUMENT,
        "sandbox.Runtime.Name field is immutable",
        () -> update(sandbox("s")));
    update(sandbox("s"), "runtime");
    Sandbox all = update(sandbox("s").setSandboxer("x"));
    assertEquals("memory", all.getSandboxer());
    assertEquals(created.getLabelsMap(), all.getLabelsMap());
    assertEquals(created.getCreatedAt(), all.getCreatedAt());
  }

  @Test
  void listIsFiltered() {
    create(sandbox("one"));
    create(sandbox("two").putLabels("a", "2").clearRuntime());
    for (String filter :
        List.of("id==one", "labels.a==1", "runtime.name==runc", "sandboxer==memory,id~=^o")) {
      assertEquals(List.of("one"), list(filter), filter);
    }
    assertEquals(List.of("one", "two"), list("sandboxer"));
    refused(Code.INVALID_ARGUMENT, () -> list("id="));
  }

  private List<String> list(String filter) {
    return store
        .list(StoreListRequest.newBuilder().addFilters(filter).build())
        .getListList()
        .stream()
        .map(Sandbox::getSandboxId)
        .toList();
  }

  @Test
  void sandboxHoldsWhatItsLabelsName() {
    var snapshots = wire.stores().snapshotter("memory");
    snapshots.prepare(new dev.carafe.spi.snapshots.SnapshotKey("k"), null, Map.of());
    create(sandbox("s").putLabels("containerd.io/gc.ref.snapshot.memory", "k"));
    wire.collect();
    snapshots.stat(new dev.carafe.spi.snapshots.SnapshotKey("k"));
    store.delete(StoreDeleteRequest.newBuilder().setSandboxId("s").build());
    wire.collect();
    int[] left = {0};
    snapshots.forEach(snapshot -> left[0]++);
    assertEquals(0, left[0]);
  }

  private static ControllerCreateRequest.Builder creation() {
    return ControllerCreateRequest.newBuilder()
        .setSandboxId("s")
        .setSandbox(sandbox("s"))
        .setOptions(Records.ODD)
        .setNetnsPath("/run/netns/x")
        .setSandboxer("memory");
  }

  private ControllerStartResponse start() {
    return controller.start(
        ControllerStartRequest.newBuilder().setSandboxId("s").setSandboxer("memory").build());
  }

  private ControllerStatusResponse status() {
    return controller.status(
        ControllerStatusRequest.newBuilder()
            .setSandboxId("s")
            .setSandboxer("memory")
            .setVerbose(true)
            .build());
  }

  private void stop() {
    controller.stop(
        ControllerStopRequest.newBuilder()
            .setSandboxId("s")
            .setTimeoutSecs(1)
            .setSandboxer("memory")
            .build());
  }

  @Test
  void sandboxRunsAndIsToldOf() {
    assertEquals("s", controller.create(creation().build()).getSandboxId());
    refused(
        Code.ALREADY_EXISTS,
        "sandbox \"s\": already exists",
        () -> controller.create(creation().build()));
    ControllerStartResponse started = start();
    assertEquals(7, started.getPid());
    assertEquals("unix:///memory", started.getAddress());
    assertEquals(Records.ODD, started.getSpec());
    assertEquals("SANDBOX_READY", status().getState());
    assertEquals(Map.of("netns", "/run/netns/x", "a", "1"), status().getInfoMap());
    assertEquals(Records.ODD, status().getExtra());
    refused(Code.FAILED_PRECONDITION, this::start);
    assertEquals(
        "linux",
        controller
            .platform(
                ControllerPlatformRequest.newBuilder()
                    .setSandboxId("s")
                    .setSandboxer("memory")
                    .build())
            .getPlatform()
            .getOs());
    assertEquals(
        "types.example/metrics",
        controller
            .metrics(
                ControllerMetricsRequest.newBuilder()
                    .setSandboxId("s")
                    .setSandboxer("memory")
                    .build())
            .getMetrics()
            .getData()
            .getTypeUrl());
    controller.update(
        ControllerUpdateRequest.newBuilder()
            .setSandboxId("s")
            .setSandboxer("memory")
            .setSandbox(sandbox("s").putLabels("a", "2"))
            .addFields("labels.a")
            .build());
    assertEquals("2", status().getInfoMap().get("a"));
    stop();
    ControllerWaitRequest waiting =
        ControllerWaitRequest.newBuilder().setSandboxId("s").setSandboxer("memory").build();
    assertEquals(status().getExitedAt(), controller.wait(waiting).getExitedAt());
    controller.shutdown(
        ControllerShutdownRequest.newBuilder().setSandboxId("s").setSandboxer("memory").build());
    refused(Code.NOT_FOUND, "sandbox \"s\": not found", this::status);
    assertEquals(new Event.SandboxCreated("s"), wire.nextEvent());
    assertEquals(new Event.SandboxStarted("s"), wire.nextEvent());
    assertInstanceOf(Event.SandboxExited.class, wire.nextEvent());
    assertEquals(List.of(), wire.published());
  }

  @Test
  void sandboxThatEndsByItselfIsAnEvent() {
    controller.create(creation().build());
    start();
    wire.published();
    wire.sandboxes.end(new SandboxKey("testing", "s"), 3);
    assertEquals(3, assertInstanceOf(Event.SandboxExited.class, wire.nextEvent()).exitStatus());
  }

  @Test
  void laterDaemonSeesTheEnd() {
    create(sandbox("s"));
    controller.create(creation().build());
    start();
    wire.manager.close();
    wire.published();
    try (SandboxManager later =
        new SandboxManager(wire.metadata, Map.of("memory", wire.sandboxes), wire.events)) {
      later.recover();
      wire.sandboxes.end(new SandboxKey("testing", "s"), 3);
      assertInstanceOf(Event.SandboxExited.class, wire.nextEvent());
    }
  }

  @Test
  void aSandboxThatShimDoesNotKnowHasEndedAsFarAsClientsOfContainerdAreTold() {
    // When
    ControllerStatusResponse status =
        controller.status(
            ControllerStatusRequest.newBuilder().setSandboxId("no").setSandboxer("shim").build());
    controller.stop(
        ControllerStopRequest.newBuilder().setSandboxId("no").setSandboxer("shim").build());
    controller.update(
        ControllerUpdateRequest.newBuilder()
            .setSandboxId("no")
            .setSandboxer("shim")
            .setSandbox(sandbox("no"))
            .build());

    // Then
    assertEquals("no", status.getSandboxId());
    assertEquals("", status.getState());
    assertTrue(status.getExitedAt().getSeconds() > 0);
    for (String other : List.of("memory", "nosuch")) {
      refused(
          Code.NOT_FOUND,
          () ->
              controller.stop(
                  ControllerStopRequest.newBuilder()
                      .setSandboxId("no")
                      .setSandboxer(other)
                      .build()));
    }
    refused(
        Code.NOT_FOUND,
        "sandbox \"no\": not found",
        () ->
            controller.shutdown(
                ControllerShutdownRequest.newBuilder()
                    .setSandboxId("no")
                    .setSandboxer("shim")
                    .build()));
  }

  @Test
  void controllerIsNamedByTheCallOrTheRecord() {
    refused(
        Code.NOT_FOUND,
        "sandbox controller \"nosuch\": not found",
        () -> controller.create(creation().setSandboxer("nosuch").build()));
    refused(
        Code.INVALID_ARGUMENT,
        "sandbox \"s\": sandbox controller name must not be empty",
        () -> controller.create(creation().clearSandboxer().build()));
    create(sandbox("s"));
    controller.create(creation().clearSandboxer().build());
    assertEquals("SANDBOX_NOTREADY", status().getState());
    refused(
        Code.INVALID_ARGUMENT, () -> controller.create(creation().setSandboxId("other").build()));
    refused(
        Code.INVALID_ARGUMENT, () -> controller.create(creation().setSandboxId("../x").build()));
  }
}
