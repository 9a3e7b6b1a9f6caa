package dev.carafe.integration;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import dev.carafe.api.services.sandbox.v1.ControllerCreateRequest;
import dev.carafe.api.services.sandbox.v1.ControllerGrpc;
import dev.carafe.api.services.sandbox.v1.ControllerMetricsRequest;
import dev.carafe.api.services.sandbox.v1.ControllerPlatformRequest;
import dev.carafe.api.services.sandbox.v1.ControllerShutdownRequest;
import dev.carafe.api.services.sandbox.v1.ControllerStartRequest;
import dev.carafe.api.services.sandbox.v1.ControllerStatusRequest;
import dev.carafe.api.services.sandbox.v1.ControllerStopRequest;
import dev.carafe.api.services.sandbox.v1.ControllerUpdateRequest;
import dev.carafe.api.services.sandbox.v1.ControllerWaitRequest;
import dev.carafe.api.services.sandbox.v1.StoreCreateRequest;
import dev.carafe.api.services.sandbox.v1.StoreDeleteRequest;
import dev.carafe.api.services.sandbox.v1.StoreGetRequest;
import dev.carafe.api.services.sandbox.v1.StoreGrpc;
import dev.carafe.api.services.sandbox.v1.StoreListRequest;
import dev.carafe.api.services.sandbox.v1.StoreUpdateRequest;
import dev.carafe.api.types.Sandbox;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/** Sandboxes: their records, and what controllers say of those that are not there. */
final class WireSandboxes {
  private final WireScript script;
  private final StoreGrpc.StoreBlockingStub store;

  WireSandboxes(WireScript script) {
    this.script = script;
    this.store = StoreGrpc.newBlockingStub(script.namespace("sandboxes"));
  }

  void run() throws Exception {
    records();
    updates();
    removal();
    for (String controller : List.of("", "absent", "shim")) {
      controller(controller);
    }
  }

  private void records() throws Exception {
    script.call("sandbox: get before any", () -> get("s"));
    script.call("sandbox: update before any", () -> update(sandbox("s")));
    script.call("sandbox: delete before any", () -> delete("s"));
    script.call("sandbox: list before any", () -> ids());
    script.call("sandbox: create unnamed", () -> create(sandbox("")));
    script.call("sandbox: create badly named", () -> create(sandbox("a b")));
    script.call("sandbox: create long named", () -> create(sandbox("x".repeat(77))));
    script.call("sandbox: create without spec", () -> create(sandbox("bare").clearSpec()));
    script.call("sandbox: create without sandboxer", () -> create(sandbox("n").clearSandboxer()));
    script.call(
        "sandbox: create with a bad label",
        () -> create(sandbox("l").putLabels("k".repeat(4096), "v")));
    script.call(
        "sandbox: create with a nameless extension",
        () -> create(sandbox("e").putExtensions("", odd(1))));
    script.call("sandbox: create", () -> create(sandbox("s")));
    script.call("sandbox: create twice", () -> create(sandbox("s")));
    script.call("sandbox: get", () -> get("s"));
    script.call("sandbox: get bare", () -> get("bare"));
    script.call("sandbox: get missing", () -> get("missing"));
    script.call("sandbox: get unnamed", () -> get(""));
    for (String filter :
        List.of(
            "id==s",
            "id~=^s$",
            "sandbox_id==s",
            "runtime.name==io.containerd.runc.v2",
            "sandboxer==shim",
            "labels.a==1",
            "labels.a",
            "extensions.x",
            "created_at",
            "nothing==x",
            "")) {
      script.call("sandbox: list " + filter, () -> ids(filter));
    }
    script.call("sandbox: list by bad filter", () -> ids("id=="));
    script.call(
        "sandbox: list without namespace",
        () -> StoreGrpc.newBlockingStub(script.bare()).list(StoreListRequest.getDefaultInstance()));
  }

  private void updates() throws Exception {
    Sandbox.Builder changed =
        sandbox("s").clearLabels().putLabels("b", "2").setSpec(odd(9)).putExtensions("y", odd(8));
    script.call("sandbox: update missing", () -> update(sandbox("missing")));
    script.call("sandbox: update unnamed", () -> update(sandbox("")));
    for (String path :
        List.of(
            "labels.b",
            "labels.absent",
            "labels.",
            "extensions.y",
            "spec",
            "id",
            "sandboxer",
            "runtime.name",
            "rubbish",
            "")) {
      script.call("sandbox: update " + path, () -> update(changed, path));
    }
    script.call(
        "sandbox: update labels", () -> update(changed.clone().putLabels("c", "3"), "labels"));
    script.call("sandbox: update extensions", () -> update(sandbox("s"), "extensions"));
    script.call("sandbox: update all", () -> update(sandbox("s")));
    script.call(
        "sandbox: update other runtime",
        () -> update(sandbox("s").setRuntime(Sandbox.Runtime.newBuilder().setName("other"))));
    script.call(
        "sandbox: update runtime by path",
        () ->
            update(
                sandbox("s").setRuntime(Sandbox.Runtime.newBuilder().setName("other")), "runtime"));
    script.call(
        "sandbox: update with another sandboxer",
        () -> update(sandbox("s").setSandboxer("other"), "labels"));
    script.call("sandbox: get afterwards", () -> get("s"));
  }

  private void removal() throws Exception {
    script.call("sandbox: delete missing", () -> delete("missing"));
    script.call("sandbox: delete unnamed", () -> delete(""));
    script.call("sandbox: delete", () -> delete("s"));
    script.call("sandbox: delete twice", () -> delete("s"));
    script.call("sandbox: list in the end", () -> ids());
  }

  private void controller(String by) throws Exception {
    var controller =
        ControllerGrpc.newBlockingStub(script.namespace("sandboxes"))
            .withDeadlineAfter(30, TimeUnit.SECONDS);
    refused(
        by,
        "start",
        () ->
            controller.start(
                ControllerStartRequest.newBuilder().setSandboxId("no").setSandboxer(by).build()));
    refused(
        by,
        "platform",
        () ->
            controller.platform(
                ControllerPlatformRequest.newBuilder()
                    .setSandboxId("no")
                    .setSandboxer(by)
                    .build()));
    refused(
        by,
        "stop",
        () ->
            controller.stop(
                ControllerStopRequest.newBuilder().setSandboxId("no").setSandboxer(by).build()));
    refused(
        by,
        "wait",
        () ->
            controller.wait(
                ControllerWaitRequest.newBuilder().setSandboxId("no").setSandboxer(by).build()));
    refused(
        by,
        "status",
        () ->
            controller.status(
                ControllerStatusRequest.newBuilder().setSandboxId("no").setSandboxer(by).build()));
    refused(
        by,
        "shutdown",
        () ->
            controller.shutdown(
                ControllerShutdownRequest.newBuilder()
                    .setSandboxId("no")
                    .setSandboxer(by)
                    .build()));
    refused(
        by,
        "metrics",
        () ->
            controller.metrics(
                ControllerMetricsRequest.newBuilder().setSandboxId("no").setSandboxer(by).build()));
    refused(
        by,
        "update",
        () ->
            controller.update(
                ControllerUpdateRequest.newBuilder()
                    .setSandboxId("no")
                    .setSandboxer(by)
                    .setSandbox(sandbox("no"))
                    .addFields("labels")
                    .build()));
    if (by.equals("absent")) {
      refused(
          by,
          "create",
          () ->
              controller.create(
                  ControllerCreateRequest.newBuilder()
                      .setSandboxId("no")
                      .setSandboxer(by)
                      .setSandbox(sandbox("no"))
                      .build()));
    }
  }

  /** The code is compared, too, where the words are our own. */
  private void refused(String by, String verb, Callable<?> call) throws Exception {
    script.call("controller: " + verb + (by.isEmpty() ? "" : " by " + by), call);
  }

  private static Sandbox.Builder sandbox(String id) {
    return Sandbox.newBuilder()
        .setSandboxId(id)
        .setRuntime(
            Sandbox.Runtime.newBuilder().setName("io.containerd.runc.v2").setOptions(odd(1)))
        .setSpec(odd(2))
        .putLabels("a", "1")
        .putExtensions("x", odd(3))
        .setSandboxer("shim");
  }

  private static Any odd(int value) {
    return Any.newBuilder()
        .setTypeUrl("types.example/odd")
        .setValue(ByteString.copyFrom(new byte[] {(byte) value, 0, -1}))
        .build();
  }

  private String create(Sandbox.Builder sandbox) {
    return shown(
        store.create(StoreCreateRequest.newBuilder().setSandbox(sandbox).build()).getSandbox());
  }

  private String update(Sandbox.Builder sandbox, String... fields) {
    return shown(
        store
            .update(
                StoreUpdateRequest.newBuilder()
                    .setSandbox(sandbox)
                    .addAllFields(List.of(fields))
                    .build())
            .getSandbox());
  }

  private String get(String id) {
    return shown(store.get(StoreGetRequest.newBuilder().setSandboxId(id).build()).getSandbox());
  }

  private Object delete(String id) {
    return store.delete(StoreDeleteRequest.newBuilder().setSandboxId(id).build());
  }

  private String ids(String... filters) {
    return store
        .list(StoreListRequest.newBuilder().addAllFilters(List.of(filters)).build())
        .getListList()
        .stream()
        .map(Sandbox::getSandboxId)
        .toList()
        .toString();
  }

  /** Everything but the times, of which it tells whether they are there. */
  private static String shown(Sandbox sandbox) {
    return String.join(
        " ",
        sandbox.getSandboxId(),
        sandbox.getRuntime().getName(),
        shown(sandbox.getRuntime().getOptions()),
        shown(sandbox.getSpec()),
        new TreeMap<>(sandbox.getLabelsMap()).toString(),
        sandbox.getExtensionsMap().entrySet().stream()
            .map(entry -> entry.getKey() + "=" + shown(entry.getValue()))
            .sorted()
            .toList()
            .toString(),
        sandbox.getSandboxer(),
        String.valueOf(sandbox.hasCreatedAt()),
        String.valueOf(sandbox.hasUpdatedAt()));
  }

  private static String shown(Any any) {
    return any.getTypeUrl() + ":" + any.getValue().size();
  }
}
