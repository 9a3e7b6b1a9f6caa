package dev.carafe.ctr;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import dev.carafe.api.services.containers.v1.Container;
import dev.carafe.api.services.tasks.v1.DeleteProcessRequest;
import dev.carafe.api.services.tasks.v1.ExecProcessRequest;
import dev.carafe.api.services.tasks.v1.StartRequest;
import dev.carafe.api.services.tasks.v1.WaitRequest;
import dev.carafe.api.services.tasks.v1.WaitResponse;
import dev.carafe.ctr.grpc.Call;
import dev.carafe.ctr.grpc.StatusException;
import dev.carafe.oci.ContainerUser;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Runs a further process in a task, as the container's own process would run: same user, environment and capabilities. */
final class ExecCommand {
  private static final String PROCESS = "types.containerd.io/opencontainers/runtime-spec/1/Process";

  private final Session session;
  private final Arguments arguments;

  ExecCommand(Session session) {
    this.session = session;
    this.arguments = session.arguments();
  }

  int run() throws Exception {
    String id = arguments.operand(0);
    String execId = arguments.value("exec-id", "exec-" + UUID.randomUUID().toString().substring(0, 8));
    boolean terminal = arguments.has("tty");
    boolean detach = arguments.has("detach");
    ExecProcessRequest.Builder request =
        ExecProcessRequest.newBuilder()
            .setContainerId(id)
            .setExecId(execId)
            .setTerminal(terminal)
            .setSpec(
                Any.newBuilder()
                    .setTypeUrl(PROCESS)
                    .setValue(ByteString.copyFrom(process(ContainerCommands.get(session, id), terminal))));
    if (detach) {
      session.channel().unary(Api.Tasks.EXEC, request.build());
      start(id, execId);
      return 0;
    }
    try (ProcessIo io =
        ProcessIo.open(session, id, execId, terminal, terminal || arguments.has("interactive"))) {
      session
          .channel()
          .unary(
              Api.Tasks.EXEC,
              request.setStdin(io.stdin()).setStdout(io.stdout()).setStderr(io.stderr()).build());
      try (Call<WaitRequest, WaitResponse> end = TaskRun.wait(session, id, execId)) {
        start(id, execId);
        io.attach();
        WaitResponse exit = end.receive();
        delete(id, execId);
        io.drain();
        return exit == null ? 1 : exit.getExitStatus();
      }
    }
  }

  private void start(String id, String execId) {
    try {
      session
          .channel()
          .unary(Api.Tasks.START, StartRequest.newBuilder().setContainerId(id).setExecId(execId).build());
    } catch (StatusException e) {
      delete(id, execId);
      throw e;
    }
  }

  private void delete(String id, String execId) {
    try {
      session
          .channel()
          .unary(
              Api.Tasks.DELETE_PROCESS,
              DeleteProcessRequest.newBuilder().setContainerId(id).setExecId(execId).build());
    } catch (StatusException e) {
      if (e.code() != StatusException.NOT_FOUND) {
        throw e;
      }
    }
  }

  private byte[] process(Container container, boolean terminal) {
    JsonObject spec = Json.object("specification", container.getSpec().getValue().toByteArray());
    Map<String, Object> process = new LinkedHashMap<>(spec.object("process").members());
    process.put("args", arguments.operands().subList(1, arguments.operands().size()));
    process.put("terminal", terminal);
    List<String> env = new ArrayList<>(spec.object("process").texts("env"));
    for (String variable : arguments.values("env")) {
      String name = variable.substring(0, Math.max(variable.indexOf('='), 0)) + "=";
      env.removeIf(known -> known.startsWith(name));
      env.add(variable);
    }
    process.put("env", env);
    String cwd = arguments.valueOrNull("cwd");
    if (cwd != null) {
      process.put("cwd", cwd);
    }
    String user = arguments.valueOrNull("user");
    if (user != null) {
      ContainerUser runAs = ContainerUser.resolve(user, new RootFiles(List.of()));
      process.put(
          "user",
          Text.object("uid", runAs.uid(), "gid", runAs.gid(), "additionalGids", runAs.additionalGids()));
    }
    return Json.bytes(process);
  }
}
