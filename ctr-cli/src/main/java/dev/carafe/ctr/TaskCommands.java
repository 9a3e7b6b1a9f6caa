package dev.carafe.ctr;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.carafe.api.runc.v1.ProcessDetails;
import dev.carafe.api.services.containers.v1.Container;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Tasks: what runs. */
final class TaskCommands {
  private final Session session;
  private final Arguments arguments;

  TaskCommands(Session session) {
    this.session = session;
    this.arguments = session.arguments();
  }

  int list() {
    List<Process> tasks =
        session.channel().unary(Api.Tasks.LIST, ListTasksRequest.getDefaultInstance()).getTasksList();
    if (session.json()) {
      List<Object> all = new ArrayList<>();
      for (Process task : tasks) {
        all.add(
            Text.object(
                "id", task.getId(),
                "pid", Integer.toUnsignedLong(task.getPid()),
                "status", task.getStatus().name(),
                "exit_status", Integer.toUnsignedLong(task.getExitStatus()),
                "exited_at", Text.time(task.getExitedAt()),
                "terminal", task.getTerminal()));
      }
      Text.json(session.out(), all);
    } else if (arguments.has("quiet")) {
      tasks.forEach(task -> session.out().println(task.getId()));
    } else {
      Table table = new Table("TASK", "PID", "STATUS");
      tasks.forEach(task -> table.row(task.getId(), Integer.toUnsignedString(task.getPid()), task.getStatus().name()));
      table.print(session.out());
    }
    return 0;
  }

  int start() throws Exception {
    String id = arguments.operand(0);
    Container container = ContainerCommands.get(session, id);
    boolean terminal = RunCommand.terminal(container);
    return new TaskRun(session, id).run(container, terminal, !arguments.has("detach") && !terminal || terminal);
  }

  int processes() throws InvalidProtocolBufferException {
    List<ProcessInfo> processes =
        session
            .channel()
            .unary(Api.Tasks.LIST_PIDS, ListPidsRequest.newBuilder().setContainerId(arguments.operand(0)).build())
            .getProcessesList();
    List<Object> all = new ArrayList<>();
    Table table = new Table("PID", "EXEC");
    for (ProcessInfo process : processes) {
      String exec = process.hasInfo() ? ProcessDetails.parseFrom(process.getInfo().getValue()).getExecId() : "";
      table.row(Integer.toUnsignedString(process.getPid()), exec.isEmpty() ? "-" : exec);
      all.add(Text.object("pid", Integer.toUnsignedLong(process.getPid()), "exec_id", exec));
    }
    if (session.json()) {
      Text.json(session.out(), all);
    } else {
      table.print(session.out());
    }
    return 0;
  }

  int kill() {
    kill(session, arguments.operand(0), arguments.value("exec-id", ""), Signals.number(arguments.value("signal", "TERM")), arguments.has("all"));
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
        .unary(Api.Tasks.PAUSE, PauseTaskRequest.newBuilder().setContainerId(arguments.operand(0)).build());
    return 0;
  }

  int resume() {
    session
        .channel()
        .unary(Api.Tasks.RESUME, ResumeTaskRequest.newBuilder().setContainerId(arguments.operand(0)).build());
    return 0;
  }

  int metrics() throws InvalidProtocolBufferException {
    List<Metric> metrics =
        session
            .channel()
            .unary(
                Api.Tasks.METRICS,
                MetricsRequest.newBuilder().addFilters("id==" + arguments.operand(0)).build())
            .getMetricsList();
    if (metrics.isEmpty()) {
      throw new StatusException(
          StatusException.NOT_FOUND, "task \"" + arguments.operand(0) + "\": no statistics found");
    }
    Metric metric = metrics.getFirst();
    Map<String, Object> values = values(metric.getData());
    if (session.json()) {
      Text.json(
          session.out(),
          Text.object("id", metric.getId(), "timestamp", Text.time(metric.getTimestamp()), "metrics", values));
      return 0;
    }
    Table table = new Table("METRIC", "VALUE");
    flatten("", values, table);
    table.print(session.out());
    return 0;
  }

  private static Map<String, Object> values(Any data) throws InvalidProtocolBufferException {
    return data.getTypeUrl().endsWith("cgroups.v2.Metrics")
        ? EventText.fields(dev.carafe.api.cgroups.v2.Metrics.parseFrom(data.getValue()))
        : EventText.fields(dev.carafe.api.cgroups.v1.Metrics.parseFrom(data.getValue()));
  }

  private static void flatten(String prefix, Map<?, ?> values, Table table) {
    values.forEach(
        (name, value) -> {
          String path = prefix.isEmpty() ? String.valueOf(name) : prefix + "." + name;
          if (value instanceof Map<?, ?> inner) {
            flatten(path, inner, table);
          } else {
            table.row(path, String.valueOf(value));
          }
        });
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
    for (String id : arguments.operands()) {
      if (arguments.has("force")) {
        killAndWait(id);
      }
      session.channel().unary(Api.Tasks.DELETE, DeleteTaskRequest.newBuilder().setContainerId(id).build());
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
