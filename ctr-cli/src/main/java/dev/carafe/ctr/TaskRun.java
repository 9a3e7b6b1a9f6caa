package dev.carafe.ctr;

import dev.carafe.api.services.containers.v1.Container;
import dev.carafe.api.services.snapshots.v1.MountsRequest;
import dev.carafe.api.services.tasks.v1.CreateTaskRequest;
import dev.carafe.api.services.tasks.v1.CreateTaskResponse;
import dev.carafe.api.services.tasks.v1.DeleteTaskRequest;
import dev.carafe.api.services.tasks.v1.StartRequest;
import dev.carafe.api.services.tasks.v1.WaitRequest;
import dev.carafe.api.services.tasks.v1.WaitResponse;
import dev.carafe.api.types.Descriptor;
import dev.carafe.ctr.grpc.Call;
import dev.carafe.ctr.grpc.StatusException;
import dev.carafe.oci.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * From a container to its exit code: create, wait, start, in this order, so that the end cannot be
 * missed.
 */
final class TaskRun {
  private final Session session;
  private final Container container;
  private final ProcessIo io;
  private final @Nullable Descriptor checkpoint;

  TaskRun(Session session, Container container, ProcessIo io) {
    this(session, container, io, null);
  }

  /**
   * @param checkpoint what the task goes on from, or null for a fresh start
   */
  TaskRun(Session session, Container container, ProcessIo io, @Nullable Descriptor checkpoint) {
    this.session = session;
    this.container = container;
    this.io = io;
    this.checkpoint = checkpoint;
  }

  /** Whether a container's specification asks for a terminal. */
  static boolean terminal(Container container) {
    return Json.object("specification", container.getSpec().getValue().toByteArray())
        .object("process")
        .flag("terminal");
  }

  /** Runs the task; waits for its end unless it is detached. */
  int run() throws IOException {
    io.prepare();
    CreateTaskRequest.Builder request =
        CreateTaskRequest.newBuilder()
            .setContainerId(container.getId())
            .setTerminal(terminal(container))
            .setStdin(io.stdin())
            .setStdout(io.stdout())
            .setStderr(io.stderr());
    if (checkpoint != null) {
      request.setCheckpoint(checkpoint);
    }
    if (!container.getSnapshotKey().isEmpty()) {
      MountsRequest mounts =
          MountsRequest.newBuilder()
              .setSnapshotter(container.getSnapshotter())
              .setKey(container.getSnapshotKey())
              .build();
      request.addAllRootfs(session.channel().unary(Api.Snapshots.MOUNTS, mounts).getMountsList());
    }
    CreateTaskResponse created = session.channel().unary(Api.Tasks.CREATE, request.build());
    if (io.isDetached()) {
      start(created);
      return 0;
    }
    try (Call<WaitRequest, WaitResponse> end = wait(session, container.getId(), "")) {
      io.resize();
      start(created);
      io.attach();
      WaitResponse exit = end.receive();
      delete();
      io.drain();
      return exit == null ? 1 : exit.getExitStatus();
    }
  }

  /** Begins to wait for the end of a process. */
  static Call<WaitRequest, WaitResponse> wait(Session session, String id, String execId) {
    WaitRequest request = WaitRequest.newBuilder().setContainerId(id).setExecId(execId).build();
    return session.channel().stream(Api.Tasks.WAIT, request);
  }

  private void start(CreateTaskResponse created) throws IOException {
    try {
      String pidFile = session.arguments().valueOrNull("pid-file");
      if (pidFile != null) {
        Files.writeString(Path.of(pidFile), Integer.toUnsignedString(created.getPid()));
      }
      StartRequest request = StartRequest.newBuilder().setContainerId(container.getId()).build();
      session.channel().unary(Api.Tasks.START, request);
    } catch (IOException | StatusException e) {
      delete();
      throw e;
    }
  }

  private void delete() {
    DeleteTaskRequest request =
        DeleteTaskRequest.newBuilder().setContainerId(container.getId()).build();
    try {
      session.channel().unary(Api.Tasks.DELETE, request);
    } catch (StatusException e) {
      if (e.code() != StatusException.NOT_FOUND) {
        throw e;
      }
    }
  }
}
