package dev.carafe.ctr;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import dev.carafe.api.services.containers.v1.Container;
import dev.carafe.api.services.tasks.v1.DeleteProcessRequest;
import dev.carafe.api.services.tasks.v1.ExecProcessRequest;
import dev.carafe.api.services.tasks.v1.GetRequest;
import dev.carafe.api.services.tasks.v1.StartRequest;
import dev.carafe.api.services.tasks.v1.WaitRequest;
import dev.carafe.api.services.tasks.v1.WaitResponse;
import dev.carafe.ctr.grpc.Call;
import dev.carafe.ctr.grpc.StatusException;
import dev.carafe.linux.Terminal;
import dev.carafe.oci.ContainerUser;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs a further process in a task, as the container's own process runs unless flags say otherwise:
 * same user, environment and capabilities.
 */
final class ExecCommand {
  private static final String PROCESS = "types.containerd.io/opencontainers/runtime-spec/1/Process";

  private final Session session;
  private final Arguments arguments;
  private final String id;
  private final String execId;

  ExecCommand(Session session) {
    this.session = session;
    this.arguments = session.arguments();
    this.id = arguments.operand(0);
    String unique = ProcessHandle.current().pid() + "-" + Long.toHexString(System.nanoTime());
    this.execId = arguments.value("exec-id", "exec-" + unique);
  }

  int run() throws IOException {
    boolean terminal = arguments.has("tty");
    boolean interactive = arguments.has("interactive");
    try (ProcessIo io = ProcessIo.open(session, id, execId, terminal, interactive)) {
      io.prepare();
      byte[] process = process(ContainerCommands.get(session, id), io);
      ExecProcessRequest request =
          ExecProcessRequest.newBuilder()
              .setContainerId(id)
              .setExecId(execId)
              .setTerminal(terminal)
              .setStdin(io.stdin())
              .setStdout(io.stdout())
              .setStderr(io.stderr())
              .setSpec(Any.newBuilder().setTypeUrl(PROCESS).setValue(ByteString.copyFrom(process)))
              .build();
      session.channel().unary(Api.Tasks.EXEC, request);
      if (io.isDetached()) {
        start();
        return 0;
      }
      try (Call<WaitRequest, WaitResponse> end = TaskRun.wait(session, id, execId)) {
        start();
        io.attach();
        WaitResponse exit = end.receive();
        delete();
        io.drain();
        return exit == null ? 1 : exit.getExitStatus();
      }
    }
  }

  private void start() {
    StartRequest request = StartRequest.newBuilder().setContainerId(id).setExecId(execId).build();
    try {
      session.channel().unary(Api.Tasks.START, request);
    } catch (StatusException e) {
      delete();
      throw e;
    }
  }

  private void delete() {
    DeleteProcessRequest request =
        DeleteProcessRequest.newBuilder().setContainerId(id).setExecId(execId).build();
    try {
      session.channel().unary(Api.Tasks.DELETE_PROCESS, request);
    } catch (StatusException e) {
      if (e.code() != StatusException.NOT_FOUND) {
        throw e;
      }
    }
  }

  private byte[] process(Container container, ProcessIo io) {
    JsonObject like =
        Json.object("specification", container.getSpec().getValue().toByteArray())
            .object("process");
    Map<String, Object> process = new LinkedHashMap<>(like.members());
    process.put("args", arguments.operandsFrom(1));
    process.put("terminal", arguments.has("tty"));
    process.remove("consoleSize");
    Terminal.Size size = io.size();
    if (size != null) {
      process.put("consoleSize", Text.object("height", size.rows(), "width", size.columns()));
    }
    process.put("env", environment(like.texts("env")));
    String cwd = arguments.valueOrNull("cwd");
    if (cwd != null) {
      process.put("cwd", cwd);
    }
    String user = arguments.valueOrNull("user");
    if (user != null) {
      GetRequest task = GetRequest.newBuilder().setContainerId(id).build();
      int pid = session.channel().unary(Api.Tasks.GET, task).getProcess().getPid();
      RootFiles files = RootFiles.ofDirectory(Path.of("/proc/" + pid + "/root"));
      process.put("user", ContainerUser.resolve(user, files).json());
    }
    return Json.bytes(process);
  }

  /** {@code NAME=VALUE} sets, {@code NAME} alone removes. */
  private List<String> environment(List<String> inherited) {
    List<String> env = new ArrayList<>(inherited);
    for (String variable : arguments.values("env")) {
      int equals = variable.indexOf('=');
      String name = (equals < 0 ? variable : variable.substring(0, equals)) + "=";
      env.removeIf(known -> known.startsWith(name));
      if (equals >= 0) {
        env.add(variable);
      }
    }
    return env;
  }
}
