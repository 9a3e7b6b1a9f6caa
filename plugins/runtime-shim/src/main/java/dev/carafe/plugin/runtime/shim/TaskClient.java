package dev.carafe.plugin.runtime.shim;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import dev.carafe.api.task.v3.CheckpointTaskRequest;
import dev.carafe.api.task.v3.CloseIORequest;
import dev.carafe.api.task.v3.ConnectRequest;
import dev.carafe.api.task.v3.ConnectResponse;
import dev.carafe.api.task.v3.CreateTaskRequest;
import dev.carafe.api.task.v3.CreateTaskResponse;
import dev.carafe.api.task.v3.DeleteRequest;
import dev.carafe.api.task.v3.DeleteResponse;
import dev.carafe.api.task.v3.ExecProcessRequest;
import dev.carafe.api.task.v3.KillRequest;
import dev.carafe.api.task.v3.PauseRequest;
import dev.carafe.api.task.v3.PidsRequest;
import dev.carafe.api.task.v3.PidsResponse;
import dev.carafe.api.task.v3.ResizePtyRequest;
import dev.carafe.api.task.v3.ResumeRequest;
import dev.carafe.api.task.v3.ShutdownRequest;
import dev.carafe.api.task.v3.StartRequest;
import dev.carafe.api.task.v3.StartResponse;
import dev.carafe.api.task.v3.StateRequest;
import dev.carafe.api.task.v3.StateResponse;
import dev.carafe.api.task.v3.StatsRequest;
import dev.carafe.api.task.v3.StatsResponse;
import dev.carafe.api.task.v3.UpdateTaskRequest;
import dev.carafe.api.task.v3.WaitRequest;
import dev.carafe.api.task.v3.WaitResponse;
import dev.carafe.spi.runtimes.ExecProcess;
import dev.carafe.spi.runtimes.Stdio;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The task service of a shim, for one task. Versions 2 and 3 differ by the service's name only;
 * their messages are the same on the wire.
 */
final class TaskClient {
  private static final String SPEC = "types.containerd.io/opencontainers/runtime-spec/1/";

  private final ShimConnection connection;
  private final String service;
  private final String id;
  private final ShimRuntimeConfig config;

  TaskClient(ShimConnection connection, int version, String id, ShimRuntimeConfig config) {
    this.connection = connection;
    this.service = "containerd.task.v" + version + ".Task";
    this.id = id;
    this.config = config;
  }

  private <T extends MessageLite> T call(
      String method, MessageLite argument, Parser<T> parser, Duration timeout)
      throws InterruptedException {
    return connection.call(service, method, argument, parser, timeout);
  }

  private void call(String method, MessageLite argument) throws InterruptedException {
    call(method, argument, Empty.parser(), config.callTimeout());
  }

  long create(CreateTaskRequest request) throws InterruptedException {
    return Integer.toUnsignedLong(
        call("Create", request, CreateTaskResponse.parser(), config.createTimeout()).getPid());
  }

  StateResponse state(String execId) throws InterruptedException {
    return call(
        "State",
        StateRequest.newBuilder().setId(id).setExecId(execId).build(),
        StateResponse.parser(),
        config.stateTimeout());
  }

  void start(String execId) throws InterruptedException {
    call(
        "Start",
        StartRequest.newBuilder().setId(id).setExecId(execId).build(),
        StartResponse.parser(),
        config.callTimeout());
  }

  DeleteResponse delete(String execId, Duration timeout) throws InterruptedException {
    return call(
        "Delete",
        DeleteRequest.newBuilder().setId(id).setExecId(execId).build(),
        DeleteResponse.parser(),
        timeout);
  }

  PidsResponse pids() throws InterruptedException {
    return call(
        "Pids",
        PidsRequest.newBuilder().setId(id).build(),
        PidsResponse.parser(),
        config.callTimeout());
  }

  void pause() throws InterruptedException {
    call("Pause", PauseRequest.newBuilder().setId(id).build());
  }

  void resume() throws InterruptedException {
    call("Resume", ResumeRequest.newBuilder().setId(id).build());
  }

  void checkpoint(Path directory, @Nullable Any options, Duration timeout)
      throws InterruptedException {
    CheckpointTaskRequest.Builder request =
        CheckpointTaskRequest.newBuilder().setId(id).setPath(directory.toString());
    if (options != null) {
      request.setOptions(options);
    }
    call("Checkpoint", request.build(), Empty.parser(), timeout);
  }

  void kill(String execId, int signal, boolean all) throws InterruptedException {
    call(
        "Kill",
        KillRequest.newBuilder().setId(id).setExecId(execId).setSignal(signal).setAll(all).build());
  }

  void exec(ExecProcess exec) throws InterruptedException {
    Stdio stdio = exec.stdio();
    call(
        "Exec",
        ExecProcessRequest.newBuilder()
            .setId(id)
            .setExecId(exec.id().execId())
            .setTerminal(stdio.terminal())
            .setStdin(stdio.stdin())
            .setStdout(stdio.stdout())
            .setStderr(stdio.stderr())
            .setSpec(document("Process", exec.process()))
            .build());
  }

  void resize(String execId, int width, int height) throws InterruptedException {
    call(
        "ResizePty",
        ResizePtyRequest.newBuilder()
            .setId(id)
            .setExecId(execId)
            .setWidth(width)
            .setHeight(height)
            .build());
  }

  void closeStdin(String execId) throws InterruptedException {
    call("CloseIO", CloseIORequest.newBuilder().setId(id).setExecId(execId).setStdin(true).build());
  }

  void update(byte[] resources, Map<String, String> annotations) throws InterruptedException {
    call(
        "Update",
        UpdateTaskRequest.newBuilder()
            .setId(id)
            .setResources(document("LinuxResources", resources))
            .putAllAnnotations(annotations)
            .build());
  }

  /** Waits as long as it takes. */
  WaitResponse await(String execId) throws InterruptedException {
    return call(
        "Wait",
        WaitRequest.newBuilder().setId(id).setExecId(execId).build(),
        WaitResponse.parser(),
        Duration.ZERO);
  }

  Any stats() throws InterruptedException {
    return call(
            "Stats",
            StatsRequest.newBuilder().setId(id).build(),
            StatsResponse.parser(),
            config.statsTimeout())
        .getStats();
  }

  ConnectResponse connect() throws InterruptedException {
    return call(
        "Connect",
        ConnectRequest.newBuilder().setId(id).build(),
        ConnectResponse.parser(),
        config.loadTimeout());
  }

  /** Asks the shim to end; one that serves other tasks does not. */
  void shutdown() throws InterruptedException {
    call(
        "Shutdown",
        ShutdownRequest.newBuilder().setId(id).build(),
        Empty.parser(),
        config.shutdownTimeout());
  }

  private static Any document(String type, byte[] json) {
    return Any.newBuilder().setTypeUrl(SPEC + type).setValue(ByteString.copyFrom(json)).build();
  }
}
