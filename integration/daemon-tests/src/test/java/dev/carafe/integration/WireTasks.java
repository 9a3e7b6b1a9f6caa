package dev.carafe.integration;

import com.google.protobuf.Any;
import com.google.protobuf.Empty;
import com.google.protobuf.Timestamp;
import dev.carafe.api.services.events.v1.EventsGrpc;
import dev.carafe.api.services.events.v1.ForwardRequest;
import dev.carafe.api.services.events.v1.PublishRequest;
import dev.carafe.api.services.events.v1.SubscribeRequest;
import dev.carafe.api.services.introspection.v1.IntrospectionGrpc;
import dev.carafe.api.services.introspection.v1.PluginInfoRequest;
import dev.carafe.api.services.introspection.v1.PluginInfoResponse;
import dev.carafe.api.services.introspection.v1.PluginsRequest;
import dev.carafe.api.services.introspection.v1.ServerResponse;
import dev.carafe.api.services.tasks.v1.CheckpointTaskRequest;
import dev.carafe.api.services.tasks.v1.CloseIORequest;
import dev.carafe.api.services.tasks.v1.CreateTaskRequest;
import dev.carafe.api.services.tasks.v1.DeleteProcessRequest;
import dev.carafe.api.services.tasks.v1.DeleteTaskRequest;
import dev.carafe.api.services.tasks.v1.ExecProcessRequest;
import dev.carafe.api.services.tasks.v1.GetRequest;
import dev.carafe.api.services.tasks.v1.KillRequest;
import dev.carafe.api.services.tasks.v1.ListPidsRequest;
import dev.carafe.api.services.tasks.v1.ListTasksRequest;
import dev.carafe.api.services.tasks.v1.MetricsRequest;
import dev.carafe.api.services.tasks.v1.PauseTaskRequest;
import dev.carafe.api.services.tasks.v1.ResizePtyRequest;
import dev.carafe.api.services.tasks.v1.ResumeTaskRequest;
import dev.carafe.api.services.tasks.v1.StartRequest;
import dev.carafe.api.services.tasks.v1.TasksGrpc;
import dev.carafe.api.services.tasks.v1.UpdateTaskRequest;
import dev.carafe.api.services.tasks.v1.WaitRequest;
import dev.carafe.api.types.Envelope;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Tasks that are not there, events, and what the daemon says of itself. */
final class WireTasks {
  private final WireScript script;

  WireTasks(WireScript script) {
    this.script = script;
  }

  void run() throws Exception {
    tasks();
    events();
    introspection();
  }

  private void tasks() throws Exception {
    TasksGrpc.TasksBlockingStub tasks = TasksGrpc.newBlockingStub(script.namespace("tasks"));
    script.call(
        "task: create without container",
        () -> tasks.create(CreateTaskRequest.newBuilder().setContainerId("no").build()));
    script.call("task: create unnamed", () -> tasks.create(CreateTaskRequest.getDefaultInstance()));
    script.call("task: get", () -> tasks.get(GetRequest.newBuilder().setContainerId("no").build()));
    script.call(
        "task: start", () -> tasks.start(StartRequest.newBuilder().setContainerId("no").build()));
    script.call(
        "task: delete",
        () -> tasks.delete(DeleteTaskRequest.newBuilder().setContainerId("no").build()));
    script.call(
        "task: delete process",
        () ->
            tasks.deleteProcess(
                DeleteProcessRequest.newBuilder().setContainerId("no").setExecId("e").build()));
    script.call(
        "task: list", () -> tasks.list(ListTasksRequest.getDefaultInstance()).getTasksCount() + "");
    script.call(
        "task: kill",
        () -> tasks.kill(KillRequest.newBuilder().setContainerId("no").setSignal(9).build()));
    script.call(
        "task: exec",
        () ->
            tasks.exec(
                ExecProcessRequest.newBuilder().setContainerId("no").setExecId("e").build()));
    script.call(
        "task: exec unnamed",
        () -> tasks.exec(ExecProcessRequest.newBuilder().setContainerId("no").build()));
    script.call(
        "task: resize",
        () -> tasks.resizePty(ResizePtyRequest.newBuilder().setContainerId("no").build()));
    script.call(
        "task: close io",
        () -> tasks.closeIO(CloseIORequest.newBuilder().setContainerId("no").build()));
    script.call(
        "task: pause",
        () -> tasks.pause(PauseTaskRequest.newBuilder().setContainerId("no").build()));
    script.call(
        "task: resume",
        () -> tasks.resume(ResumeTaskRequest.newBuilder().setContainerId("no").build()));
    script.call(
        "task: pids",
        () -> tasks.listPids(ListPidsRequest.newBuilder().setContainerId("no").build()));
    script.call(
        "task: checkpoint",
        () -> tasks.checkpoint(CheckpointTaskRequest.newBuilder().setContainerId("no").build()));
    script.call(
        "task: update",
        () -> tasks.update(UpdateTaskRequest.newBuilder().setContainerId("no").build()));
    script.call(
        "task: wait", () -> tasks.wait(WaitRequest.newBuilder().setContainerId("no").build()));
    script.call(
        "task: metrics",
        () -> tasks.metrics(MetricsRequest.getDefaultInstance()).getMetricsCount() + "");
    script.call(
        "task: metrics by bad filter",
        () -> tasks.metrics(MetricsRequest.newBuilder().addFilters("id==").build()));
  }

  private void events() throws Exception {
    EventsGrpc.EventsBlockingStub events = EventsGrpc.newBlockingStub(script.namespace("events"));
    for (String topic : List.of("/a", "/a/b.c", "", "a", "/", "/a/", "//a", "/a b", "/ä")) {
      script.call(
          "publish " + topic,
          () ->
              events.publish(
                  PublishRequest.newBuilder().setTopic(topic).setEvent(event()).build()));
    }
    script.call(
        "publish without namespace",
        () ->
            EventsGrpc.newBlockingStub(script.bare())
                .publish(PublishRequest.newBuilder().setTopic("/a").setEvent(event()).build()));
    Envelope whole =
        Envelope.newBuilder()
            .setNamespace("space")
            .setTopic("/a")
            .setTimestamp(Timestamp.newBuilder().setSeconds(1))
            .setEvent(event())
            .build();
    script.call("forward", () -> events.forward(forward(whole.toBuilder())));
    script.call(
        "forward without namespace",
        () -> events.forward(forward(whole.toBuilder().clearNamespace())));
    script.call(
        "forward without time", () -> events.forward(forward(whole.toBuilder().clearTimestamp())));
    script.call(
        "forward without topic", () -> events.forward(forward(whole.toBuilder().clearTopic())));
    script.call(
        "forward to bad topic", () -> events.forward(forward(whole.toBuilder().setTopic("a"))));
    script.call(
        "forward to bad namespace",
        () -> events.forward(forward(whole.toBuilder().setNamespace("a b"))));
    script.call(
        "subscribe by bad filter",
        () ->
            events
                .withDeadlineAfter(10, TimeUnit.SECONDS)
                .subscribe(SubscribeRequest.newBuilder().addFilters("topic==").build())
                .next());
  }

  private static Any event() {
    return Any.newBuilder().setTypeUrl("types.example/event").build();
  }

  private static ForwardRequest forward(Envelope.Builder envelope) {
    return ForwardRequest.newBuilder().setEnvelope(envelope).build();
  }

  private void introspection() throws Exception {
    IntrospectionGrpc.IntrospectionBlockingStub introspection =
        IntrospectionGrpc.newBlockingStub(script.bare());
    script.call(
        "plugins by bad filter",
        () -> introspection.plugins(PluginsRequest.newBuilder().addFilters("id==").build()));
    for (String filter :
        List.of(
            "id==overlayfs,type==io.containerd.snapshotter.v1",
            "id==native,type==io.containerd.snapshotter.v1",
            "type==io.containerd.content.v1",
            "type==io.containerd.gc.v1",
            "type==io.containerd.metadata.v1")) {
      script.call(
          "plugins " + filter,
          () ->
              introspection
                  .plugins(PluginsRequest.newBuilder().addFilters(filter).build())
                  .getPluginsList()
                  .stream()
                  .map(plugin -> plugin.getType() + "." + plugin.getId())
                  .sorted()
                  .toList()
                  .toString());
    }
    if (!script.newer()) {
      return;
    }
    script.call(
        "server",
        () -> {
          ServerResponse server = introspection.server(Empty.getDefaultInstance());
          return server.getUuid().matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
              + " "
              + (server.getPid() > 0)
              + " "
              + (server.getPidns() > 0)
              + " "
              + server.getDeprecationsCount();
        });
    script.call("plugin info: nothing", () -> info(introspection, "", ""));
    script.call(
        "plugin info: absent", () -> info(introspection, "io.containerd.content.v1", "absent"));
    script.call(
        "plugin info: content", () -> info(introspection, "io.containerd.content.v1", "content"));
    script.call(
        "plugin info: overlayfs",
        () -> info(introspection, "io.containerd.snapshotter.v1", "overlayfs"));
    script.call(
        "plugin info: runtime", () -> info(introspection, "io.containerd.runtime.v2", "task"));
  }

  private static String info(
      IntrospectionGrpc.IntrospectionBlockingStub introspection, String type, String id) {
    PluginInfoResponse info =
        introspection.pluginInfo(PluginInfoRequest.newBuilder().setType(type).setId(id).build());
    return info.getPlugin().getType() + " " + info.getPlugin().getId() + " " + info.hasExtra();
  }
}
