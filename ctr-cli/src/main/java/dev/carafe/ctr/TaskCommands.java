package dev.carafe.ctr;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.carafe.api.runc.v1.CheckpointOptions;
import dev.carafe.api.runc.v1.ProcessDetails;
import dev.carafe.api.services.containers.v1.Container;
import dev.carafe.api.services.tasks.v1.CheckpointTaskRequest;
import dev.carafe.api.services.tasks.v1.DeleteProcessRequest;
import dev.carafe.api.services.tasks.v1.DeleteTaskRequest;
import dev.carafe.api.services.tasks.v1.KillRequest;
import dev.carafe.api.services.tasks.v1.ListPidsRequest;
import dev.carafe.api.services.tasks.v1.ListTasksRequest;
import dev.carafe.api.services.tasks.v1.MetricsRequest;
import dev.carafe.api.services.tasks.v1.PauseTaskRequest;
import dev.carafe.api.services.tasks.v1.ResumeTaskRequest;
import dev.carafe.api.services.tasks.v1.WaitRequest;
import dev.carafe.api.types.Metric;
import dev.carafe.api.types.v1.Process;
import dev.carafe.api.types.v1.ProcessInfo;
import dev.carafe.ctr.grpc.StatusException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Tasks: what runs. */
final class TaskCommands {
  /** Label that containerd's clients keep an image's stop signal in. */
  static final String STOP_SIGNAL = "io.containerd.image.config.stop-signal";

  private final Session session;
  private final Arguments arguments;

  TaskCommands(Session session) {
    this.session = session;
    this.arguments = session.arguments();
  }

  int list() {
    List<Process> tasks =
        session
            .channel()
            .unary(Api.Tasks.LIST, ListTasksRequest.getDefaultInstance())
            .getTasksList();
    Table table = new Table("TASK", "PID", "STATUS");
    for (Process task : tasks) {
      table.row(
          Text.object(
              "id", task.getId(),
              "pid", Integer.toUnsignedLong(task.getPid()),
              "status", task.getStatus().name(),
              "exit_status", Integer.toUnsignedLong(task.getExitStatus()),
              "exited_at", Text.time(task.getExitedAt()),
              "terminal", task.getTerminal()),
          task.getId(),
          Integer.toUnsignedString(task.getPid()),
          task.getStatus().name());
    }
    table.print(session);
    return 0;
  }

  int start() throws Exception {
    String id = arguments.operand(0);
    Container container = ContainerCommands.get(session, id);
    try (ProcessIo io =
        ProcessIo.open(
            session, id, "", TaskRun.terminal(container), arguments.has("interactive"))) {
      return new TaskRun(session, container, io).run();
    }
  }

  int processes() throws InvalidProtocolBufferException {
    List<ProcessInfo> processes =
        session
            .channel()
            .unary(
                Api.Tasks.LIST_PIDS,
                ListPidsRequest.newBuilder().setContainerId(arguments.operand(0)).build())
            .getProcessesList();
    Table table = new Table("PID", "EXEC");
    for (ProcessInfo process : processes) {
      String exec =
          process.hasInfo()
              ? ProcessDetails.parseFrom(process.getInfo().getValue()).getExecId()
              : "";
      table.row(
          Text.object("pid", Integer.toUnsignedLong(process.getPid()), "exec_id", exec),
          Integer.toUnsignedString(process.getPid()),
          exec);
    }
    table.print(session);
    return 0;
  }

  int kill() {
    String id = arguments.operand(0);
    String signal = arguments.valueOrNull("signal");
    if (signal == null) {
      signal = ContainerCommands.get(session, id).getLabelsOrDefault(STOP_SIGNAL, "TERM");
    }
    int number = Signals.number(signal);
    kill(session, id, arguments.value("exec-id", ""), number, arguments.has("all"));
    return 0;
  }

  static void kill(Session session, String id, String execId, int signal, boolean all) {
    session
        .channel()
        .unary(
            Api.Tasks.KILL,
            KillRequest.newBuilder()
                .setContainerId(id)
                .setExecId(execId)
                .setSignal(signal)
                .setAll(all)
                .build());
  }

  int pause() {
    session
        .channel()
        .unary(
            Api.Tasks.PAUSE,
            PauseTaskRequest.newBuilder().setContainerId(arguments.operand(0)).build());
    return 0;
  }

  /** Without a directory the checkpoint becomes content, whose digests are printed. */
  int checkpoint() {
    CheckpointOptions options =
        CheckpointOptions.newBuilder()
            .setExit(arguments.has("exit"))
            .setImagePath(absolute("image-path"))
            .setWorkPath(absolute("work-path"))
            .build();
    CheckpointTaskRequest request =
        CheckpointTaskRequest.newBuilder()
            .setContainerId(arguments.operand(0))
            .setOptions(
                Any.newBuilder()
                    .setTypeUrl("containerd.runc.v1.CheckpointOptions")
                    .setValue(options.toByteString()))
            .build();
    session
        .channel()
        .unary(Api.Tasks.CHECKPOINT, request)
        .getDescriptorsList()
        .forEach(descriptor -> session.out().println(descriptor.getDigest()));
    return 0;
  }

  private String absolute(String flag) {
    String path = arguments.value(flag, "");
    return path.isEmpty() ? "" : Path.of(path).toAbsolutePath().toString();
  }

  int resume() {
    session
        .channel()
        .unary(
            Api.Tasks.RESUME,
            ResumeTaskRequest.newBuilder().setContainerId(arguments.operand(0)).build());
    return 0;
  }

  int metrics() throws InvalidProtocolBufferException {
    String id = arguments.operand(0);
    MetricsRequest request = MetricsRequest.newBuilder().addFilters("id==\"" + id + "\"").build();
    List<Metric> metrics = session.channel().unary(Api.Tasks.METRICS, request).getMetricsList();
    if (metrics.isEmpty()) {
      throw new StatusException(
          StatusException.NOT_FOUND, "task \"" + id + "\": no statistics found");
    }
    Metric metric = metrics.getFirst();
    Object values = values(metric.getData());
    if (session.json()) {
      String time = Text.time(metric.getTimestamp());
      Object object = Text.object("id", metric.getId(), "timestamp", time, "metrics", values);
      session.out().println(Text.json(object));
      return 0;
    }
    Table table = new Table("METRIC", "VALUE");
    flatten("", values, table);
    table.print(session);
    return 0;
  }

  private static Object values(Any data) throws InvalidProtocolBufferException {
    return switch (data.getTypeUrl().substring(data.getTypeUrl().lastIndexOf('/') + 1)) {
      case "io.containerd.cgroups.v1.Metrics" ->
          EventText.fields(dev.carafe.api.cgroups.v1.Metrics.parseFrom(data.getValue()));
      case "io.containerd.cgroups.v2.Metrics" ->
          EventText.fields(dev.carafe.api.cgroups.v2.Metrics.parseFrom(data.getValue()));
      default -> Text.any(data);
    };
  }

  private static void flatten(String path, Object value, Table table) {
    String dot = path.isEmpty() ? "" : path + ".";
    switch (value) {
      case Map<?, ?> map -> map.forEach((name, inner) -> flatten(dot + name, inner, table));
      case List<?> list -> {
        for (int i = 0; i < list.size(); i++) {
          flatten(dot + i, list.get(i), table);
        }
      }
      default -> {
        if (!value.toString().equals("0")) {
          table.row(Map.of(), path, value.toString());
        }
      }
    }
  }

  int await() {
    return session
        .channel()
        .unary(
            Api.Tasks.WAIT,
            WaitRequest.newBuilder()
                .setContainerId(arguments.operand(0))
                .setExecId(arguments.value("exec-id", ""))
                .build())
        .getExitStatus();
  }

  int remove() {
    String execId = arguments.value("exec-id", "");
    for (String id : arguments.operands()) {
      if (!execId.isEmpty()) {
        session
            .channel()
            .unary(
                Api.Tasks.DELETE_PROCESS,
                DeleteProcessRequest.newBuilder().setContainerId(id).setExecId(execId).build());
        continue;
      }
      if (arguments.has("force")) {
        killAndWait(id);
      }
      session
          .channel()
          .unary(Api.Tasks.DELETE, DeleteTaskRequest.newBuilder().setContainerId(id).build());
    }
    return 0;
  }

  private void killAndWait(String id) {
    try {
      kill(session, id, "", 9, true);
    } catch (StatusException e) {
      if (e.code() != StatusException.NOT_FOUND) {
        throw e;
      }
      return;
    }
    session.channel().unary(Api.Tasks.WAIT, WaitRequest.newBuilder().setContainerId(id).build());
  }
}
