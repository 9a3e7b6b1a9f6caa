package dev.carafe.services;

import com.google.protobuf.Empty;
import dev.carafe.api.runc.v1.ProcessDetails;
import dev.carafe.api.services.tasks.v1.CheckpointTaskRequest;
import dev.carafe.api.services.tasks.v1.CheckpointTaskResponse;
import dev.carafe.api.services.tasks.v1.CloseIORequest;
import dev.carafe.api.services.tasks.v1.CreateTaskRequest;
import dev.carafe.api.services.tasks.v1.CreateTaskResponse;
import dev.carafe.api.services.tasks.v1.DeleteProcessRequest;
import dev.carafe.api.services.tasks.v1.DeleteResponse;
import dev.carafe.api.services.tasks.v1.DeleteTaskRequest;
import dev.carafe.api.services.tasks.v1.ExecProcessRequest;
import dev.carafe.api.services.tasks.v1.GetRequest;
import dev.carafe.api.services.tasks.v1.GetResponse;
import dev.carafe.api.services.tasks.v1.KillRequest;
import dev.carafe.api.services.tasks.v1.ListPidsRequest;
import dev.carafe.api.services.tasks.v1.ListPidsResponse;
import dev.carafe.api.services.tasks.v1.ListTasksRequest;
import dev.carafe.api.services.tasks.v1.ListTasksResponse;
import dev.carafe.api.services.tasks.v1.MetricsRequest;
import dev.carafe.api.services.tasks.v1.MetricsResponse;
import dev.carafe.api.services.tasks.v1.PauseTaskRequest;
import dev.carafe.api.services.tasks.v1.ResizePtyRequest;
import dev.carafe.api.services.tasks.v1.ResumeTaskRequest;
import dev.carafe.api.services.tasks.v1.StartRequest;
import dev.carafe.api.services.tasks.v1.StartResponse;
import dev.carafe.api.services.tasks.v1.TasksGrpc;
import dev.carafe.api.services.tasks.v1.UpdateTaskRequest;
import dev.carafe.api.services.tasks.v1.WaitRequest;
import dev.carafe.api.services.tasks.v1.WaitResponse;
import dev.carafe.api.types.Metric;
import dev.carafe.api.types.v1.Process;
import dev.carafe.api.types.v1.ProcessInfo;
import dev.carafe.api.types.v1.Status;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.tasks.TaskManager;
import dev.carafe.engine.tasks.TaskRequest;
import dev.carafe.engine.tasks.TaskView;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.ProcessStatus.ExitStatus;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.spi.runtimes.TaskMetrics;
import dev.carafe.spi.runtimes.TaskProcess;
import dev.carafe.spi.runtimes.TaskRuntime.DeletedProcess;
import io.grpc.stub.StreamObserver;
import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tasks: what runs. */
final class TasksService extends TasksGrpc.TasksImplBase {
  private static final Logger LOG = LoggerFactory.getLogger(TasksService.class);

  private final Metadata metadata;
  private final TaskManager tasks;
  private final Checkpoints checkpoints;

  TasksService(Metadata metadata, TaskManager tasks, Checkpoints checkpoints) {
    this.metadata = metadata;
    this.tasks = tasks;
    this.checkpoints = checkpoints;
  }

  @Override
  public void create(CreateTaskRequest request, StreamObserver<CreateTaskResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Namespace namespace = Calls.namespace();
          RuntimeOptions options =
              request.hasOptions()
                  ? RuntimeOptionsProtos.decode(request.getOptions())
                  : RuntimeOptions.NONE;
          Stdio stdio =
              new Stdio(
                  request.getStdin(),
                  request.getStdout(),
                  request.getStderr(),
                  request.getTerminal());
          long pid;
          try (Checkpoints.Restore restore =
              checkpoints.restore(
                  Calls.stores(metadata).content(),
                  request.hasCheckpoint() ? Protos.descriptor(request.getCheckpoint()) : null,
                  options)) {
            pid =
                tasks.create(
                    namespace,
                    new TaskRequest(
                        request.getContainerId(),
                        Protos.fromMounts(request.getRootfsList()),
                        stdio,
                        request.getRuntimePath(),
                        options,
                        restore.directory()));
          }
          return CreateTaskResponse.newBuilder()
              .setContainerId(request.getContainerId())
              .setPid((int) pid)
              .build();
        });
  }

  @Override
  public void start(StartRequest request, StreamObserver<StartResponse> observer) {
    Calls.unary(
        observer,
        () ->
            StartResponse.newBuilder()
                .setPid(
                    (int)
                        tasks.start(
                            Calls.namespace(), request.getContainerId(), request.getExecId()))
                .build());
  }

  @Override
  public void delete(DeleteTaskRequest request, StreamObserver<DeleteResponse> observer) {
    Calls.unary(
        observer,
        () ->
            deleted(
                request.getContainerId(),
                tasks.delete(Calls.namespace(), request.getContainerId(), "")));
  }

  @Override
  public void deleteProcess(DeleteProcessRequest request, StreamObserver<DeleteResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          if (request.getExecId().isEmpty()) {
            throw new InvalidArgumentException("exec id must not be empty");
          }
          return deleted(
              request.getExecId(),
              tasks.delete(Calls.namespace(), request.getContainerId(), request.getExecId()));
        });
  }

  private static DeleteResponse deleted(String id, DeletedProcess deleted) {
    return DeleteResponse.newBuilder()
        .setId(id)
        .setPid((int) deleted.pid())
        .setExitStatus(deleted.exit().code())
        .setExitedAt(Protos.timestamp(deleted.exit().exitedAt()))
        .build();
  }

  @Override
  public void get(GetRequest request, StreamObserver<GetResponse> observer) {
    Calls.unary(
        observer,
        () ->
            GetResponse.newBuilder()
                .setProcess(
                    proto(
                        tasks.get(
                            Calls.namespace(), request.getContainerId(), request.getExecId())))
                .build());
  }

  @Override
  public void list(ListTasksRequest request, StreamObserver<ListTasksResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          ListTasksResponse.Builder response = ListTasksResponse.newBuilder();
          for (TaskView task : tasks.list(Calls.namespace())) {
            response.addTasks(proto(task));
          }
          return response.build();
        });
  }

  @Override
  public void kill(KillRequest request, StreamObserver<Empty> observer) {
    Calls.unary(
        observer,
        () -> {
          tasks.kill(
              Calls.namespace(),
              request.getContainerId(),
              request.getExecId(),
              request.getSignal(),
              request.getAll());
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void exec(ExecProcessRequest request, StreamObserver<Empty> observer) {
    Calls.unary(
        observer,
        () -> {
          Stdio stdio =
              new Stdio(
                  request.getStdin(),
                  request.getStdout(),
                  request.getStderr(),
                  request.getTerminal());
          tasks.exec(
              Calls.namespace(),
              request.getContainerId(),
              request.getExecId(),
              request.getSpec().getValue().toByteArray(),
              stdio);
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void resizePty(ResizePtyRequest request, StreamObserver<Empty> observer) {
    Calls.unary(
        observer,
        () -> {
          tasks.resize(
              Calls.namespace(),
              request.getContainerId(),
              request.getExecId(),
              request.getWidth(),
              request.getHeight());
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void closeIO(CloseIORequest request, StreamObserver<Empty> observer) {
    Calls.unary(
        observer,
        () -> {
          if (request.getStdin()) {
            tasks.closeStdin(Calls.namespace(), request.getContainerId(), request.getExecId());
          } else {
            tasks.get(Calls.namespace(), request.getContainerId(), request.getExecId());
          }
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void pause(PauseTaskRequest request, StreamObserver<Empty> observer) {
    Calls.unary(
        observer,
        () -> {
          tasks.pause(Calls.namespace(), request.getContainerId());
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void resume(ResumeTaskRequest request, StreamObserver<Empty> observer) {
    Calls.unary(
        observer,
        () -> {
          tasks.resume(Calls.namespace(), request.getContainerId());
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void listPids(ListPidsRequest request, StreamObserver<ListPidsResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          ListPidsResponse.Builder response = ListPidsResponse.newBuilder();
          for (TaskProcess process : tasks.processes(Calls.namespace(), request.getContainerId())) {
            ProcessInfo.Builder info = ProcessInfo.newBuilder().setPid((int) process.pid());
            if (!process.execId().isEmpty()) {
              info.setInfo(
                  Anys.pack(ProcessDetails.newBuilder().setExecId(process.execId()).build()));
            }
            response.addProcesses(info);
          }
          return response.build();
        });
  }

  @Override
  public void checkpoint(
      CheckpointTaskRequest request, StreamObserver<CheckpointTaskResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          RuntimeOptions options =
              request.hasOptions()
                  ? RuntimeOptionsProtos.decode(request.getOptions())
                  : RuntimeOptions.NONE;
          List<Descriptor> written =
              checkpoints.checkpoint(
                  Calls.namespace(), Calls.stores(metadata), request.getContainerId(), options);
          return CheckpointTaskResponse.newBuilder()
              .addAllDescriptors(written.stream().map(Protos::descriptor).toList())
              .build();
        });
  }

  @Override
  public void update(UpdateTaskRequest request, StreamObserver<Empty> observer) {
    Calls.unary(
        observer,
        () -> {
          tasks.update(
              Calls.namespace(),
              request.getContainerId(),
              request.getResources().getValue().toByteArray(),
              request.getAnnotationsMap());
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void metrics(MetricsRequest request, StreamObserver<MetricsResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Namespace namespace = Calls.namespace();
          Predicate<Filters.Fields> filter = Filters.parse(request.getFiltersList());
          MetricsResponse.Builder response = MetricsResponse.newBuilder();
          for (TaskView task : tasks.list(namespace)) {
            if (filter.test(path -> metricField(path, namespace, task))) {
              addMetric(namespace, task, response);
            }
          }
          return response.build();
        });
  }

  private static @org.jspecify.annotations.Nullable String metricField(
      List<String> path, Namespace namespace, TaskView task) {
    return switch (String.join(".", path)) {
      case "id" -> task.containerId();
      case "namespace" -> namespace.name();
      default -> null;
    };
  }

  /** A task that ended meanwhile has no statistics; that is no failure of the others. */
  private void addMetric(Namespace namespace, TaskView task, MetricsResponse.Builder response) {
    try {
      TaskMetrics metrics = tasks.metrics(namespace, task.containerId());
      response.addMetrics(
          Metric.newBuilder()
              .setId(task.containerId())
              .setTimestamp(Protos.timestamp(metrics.at()))
              .setData(MetricsProtos.any(metrics)));
    } catch (DaemonException e) {
      LOG.debug("task {}/{}: no metrics: {}", namespace, task.containerId(), e.getMessage());
    }
  }

  @Override
  public void wait(WaitRequest request, StreamObserver<WaitResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          ExitStatus exit =
              tasks.await(Calls.namespace(), request.getContainerId(), request.getExecId());
          return WaitResponse.newBuilder()
              .setExitStatus(exit.code())
              .setExitedAt(Protos.timestamp(exit.exitedAt()))
              .build();
        });
  }

  private static Process proto(TaskView task) {
    ProcessStatus status = task.status();
    Process.Builder process =
        Process.newBuilder()
            .setContainerId(task.containerId())
            .setId(task.execId().isEmpty() ? task.containerId() : task.execId())
            .setPid((int) status.pid())
            .setStdin(task.stdio().stdin())
            .setStdout(task.stdio().stdout())
            .setStderr(task.stdio().stderr())
            .setTerminal(task.stdio().terminal())
            .setExitedAt(Protos.timestamp(Instant.EPOCH));
    process.setStatus(
        switch (status) {
          case ProcessStatus.Created ignored -> Status.CREATED;
          case ProcessStatus.Running ignored -> Status.RUNNING;
          case ProcessStatus.Pausing ignored -> Status.PAUSING;
          case ProcessStatus.Paused ignored -> Status.PAUSED;
          case ProcessStatus.Unknown ignored -> Status.UNKNOWN;
          case ProcessStatus.Stopped stopped -> {
            process.setExitStatus(stopped.exit().code());
            process.setExitedAt(Protos.timestamp(stopped.exit().exitedAt()));
            yield Status.STOPPED;
          }
        });
    return process.build();
  }
}
