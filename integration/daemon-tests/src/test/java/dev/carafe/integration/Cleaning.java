package dev.carafe.integration;

import dev.carafe.api.services.containers.v1.Container;
import dev.carafe.api.services.containers.v1.ContainersGrpc;
import dev.carafe.api.services.containers.v1.DeleteContainerRequest;
import dev.carafe.api.services.containers.v1.ListContainersRequest;
import dev.carafe.api.services.namespaces.v1.ListNamespacesRequest;
import dev.carafe.api.services.namespaces.v1.Namespace;
import dev.carafe.api.services.namespaces.v1.NamespacesGrpc;
import dev.carafe.api.services.tasks.v1.DeleteTaskRequest;
import dev.carafe.api.services.tasks.v1.KillRequest;
import dev.carafe.api.services.tasks.v1.ListTasksRequest;
import dev.carafe.api.services.tasks.v1.ResumeTaskRequest;
import dev.carafe.api.services.tasks.v1.TasksGrpc;
import dev.carafe.api.services.tasks.v1.WaitRequest;
import dev.carafe.api.types.v1.Process;
import dev.carafe.api.types.v1.Status;
import io.grpc.Channel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Removes what a test used. */
final class Cleaning {
  private static final int SECONDS = 20;

  private Cleaning() {}

  /** Through the API: ends all tasks, removes all containers. */
  static void removeContainers(TestDaemon daemon) {
    List<Namespace> namespaces =
        NamespacesGrpc.newBlockingStub(daemon.api().bare())
            .withDeadlineAfter(SECONDS, TimeUnit.SECONDS)
            .list(ListNamespacesRequest.getDefaultInstance())
            .getNamespacesList();
    for (Namespace namespace : namespaces) {
      Channel channel = daemon.api().in(namespace.getName());
      TasksGrpc.TasksBlockingStub tasks =
          TasksGrpc.newBlockingStub(channel).withDeadlineAfter(SECONDS, TimeUnit.SECONDS);
      for (Process task : tasks.list(ListTasksRequest.getDefaultInstance()).getTasksList()) {
        end(tasks, task);
      }
      var containers =
          ContainersGrpc.newBlockingStub(channel).withDeadlineAfter(SECONDS, TimeUnit.SECONDS);
      for (Container container :
          containers.list(ListContainersRequest.getDefaultInstance()).getContainersList()) {
        containers.delete(DeleteContainerRequest.newBuilder().setId(container.getId()).build());
      }
    }
  }

  private static void end(TasksGrpc.TasksBlockingStub tasks, Process task) {
    String id = task.getId();
    if (task.getStatus() == Status.PAUSED) {
      tasks.resume(ResumeTaskRequest.newBuilder().setContainerId(id).build());
    }
    if (task.getStatus() != Status.STOPPED) {
      unlessNotFound(() ->
          tasks.kill(
              KillRequest.newBuilder().setContainerId(id).setSignal(9).setAll(true).build()));
      unlessNotFound(() -> tasks.wait(WaitRequest.newBuilder().setContainerId(id).build()));
    }
    unlessNotFound(() -> tasks.delete(DeleteTaskRequest.newBuilder().setContainerId(id).build()));
  }

  private static void unlessNotFound(Runnable call) {
    try {
      call.run();
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() != Code.NOT_FOUND) {
        throw e;
      }
    }
  }

  /**
   * By force: processes, mounts, cgroups, and the work directory, so that one test's leak does not
   * disturb the next.
   */
  static void removeRest(Lab lab) throws IOException {
    for (String process : Leaks.processes(lab)) {
      long pid = Long.parseLong(process.substring("process ".length(), process.indexOf(':')));
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }
    Await.until("the test's processes have ended", () -> Leaks.processes(lab).isEmpty());
    List<String> mounts = Leaks.mounts(lab, ProcessHandle.current().pid());
    for (String mount : mounts.reversed()) {
      Program.of("umount", "--lazy", mount.substring("mount ".length())).run();
    }
    for (Path above : Leaks.cgroupsOfNamespace(lab)) {
      try (Stream<Path> groups = Files.walk(above)) {
        for (Path group :
            groups.filter(Files::isDirectory).sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(group);
        }
      }
    }
    if (Leaks.mounts(lab, ProcessHandle.current().pid()).isEmpty()) {
      Program.of("rm", "-rf", "--one-file-system", lab.work().toString()).run().ok();
    }
  }
}
