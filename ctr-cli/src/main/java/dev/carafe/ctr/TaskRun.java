package dev.carafe.ctr;

import dev.carafe.api.services.containers.v1.Container;
import dev.carafe.api.services.snapshots.v1.MountsRequest;
import dev.carafe.api.services.tasks.v1.CreateTaskRequest;
import dev.carafe.api.services.tasks.v1.CreateTaskResponse;
import dev.carafe.api.services.tasks.v1.DeleteTaskRequest;
import dev.carafe.api.services.tasks.v1.StartRequest;
import dev.carafe.api.services.tasks.v1.WaitRequest;
import dev.carafe.api.services.tasks.v1.WaitResponse;
import dev.carafe.ctr.grpc.Call;
import dev.carafe.ctr.grpc.StatusException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** From a container to its exit code: create, wait, start, in this order, so that the end cannot be missed. */
final class TaskRun {
  private final Session session;
  private final String id;

  TaskRun(Session session, String id) {
    this.session = session;
    this.id = id;
  }

  /** Runs the task; waits for its end or leaves it running. */
  int run(Container container, boolean terminal, boolean wait) throws Exception {
    Arguments arguments = session.arguments();
    CreateTaskRequest.Builder request =
        CreateTaskRequest.newBuilder().setContainerId(id).setTerminal(terminal);
    if (!container.getSnapshotKey().isEmpty()) {
      request.addAllRootfs(
          session
              .channel()
              .unary(
                  Api.Snapshots.MOUNTS,
                  MountsRequest.newBuilder()
                      .setSnapshotter(container.getSnapshotter())
                      .setKey(container.getSnapshotKey())
                      .build())
              .getMountsList());
    }
    if (!wait) {
      String log = arguments.value("log-uri", "");
      CreateTaskResponse created =
          session.channel().unary(Api.Tasks.CREATE, request.setStdout(log).setStderr(log).build());
      start(arguments, created);
      return 0;
    }
    boolean stdin = terminal || arguments.has("interactive");
    try (ProcessIo io = ProcessIo.open(session, id, "", terminal, stdin)) {
      CreateTaskResponse created =
          session
              .channel()
              .unary(
                  Api.Tasks.CREATE,
                  request.setStdin(io.stdin()).setStdout(io.stdout()).setStderr(io.stderr()).build());
      return started(arguments, created, io);
    }
  }

  private int started(Arguments arguments, CreateTaskResponse created, ProcessIo io) throws IOException {
    try (Call<WaitRequest, WaitResponse> end = wait(session, id, "")) {
      start(arguments, created);
      io.attach();
      WaitResponse exit = end.receive();
      delete();
      io.drain();
      return exit == null ? 1 : exit.getExitStatus();
    }
  }

  static Call<WaitRequest, WaitResponse> wait(Session session, String id, String execId) {
    return session
        .channel()
        .stream(Api.Tasks.WAIT, WaitRequest.newBuilder().setContainerId(id).setExecId(execId).build());
  }

  private void start(Arguments arguments, CreateTaskResponse created) throws IOException {
    try {
      @Nullable String pidFile = arguments.valueOrNull("pid-file");
      if (pidFile != null) {
        Files.writeString(Path.of(pidFile), Integer.toUnsignedString(created.getPid()));
      }
      session.channel().unary(Api.Tasks.START, StartRequest.newBuilder().setContainerId(id).build());
    } catch (IOException | StatusException e) {
      delete();
      throw e;
    }
  }

  private void delete() {
    try {
      session.channel().unary(Api.Tasks.DELETE, DeleteTaskRequest.newBuilder().setContainerId(id).build());
    } catch (StatusException e) {
      if (e.code() != StatusException.NOT_FOUND) {
        throw e;
      }
    }
  }
}
