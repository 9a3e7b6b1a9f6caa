package dev.carafe.integration;

import dev.carafe.api.services.containers.v1.Container;
import dev.carafe.api.services.containers.v1.ContainersGrpc;
import dev.carafe.api.services.containers.v1.GetContainerRequest;
import dev.carafe.api.services.snapshots.v1.MountsRequest;
import dev.carafe.api.services.snapshots.v1.SnapshotsGrpc;
import dev.carafe.api.services.tasks.v1.CreateTaskRequest;
import dev.carafe.api.services.tasks.v1.StartRequest;
import dev.carafe.api.services.tasks.v1.TasksGrpc;
import io.grpc.Channel;

/** Tasks as a client makes them that brings FIFOs of its own. */
final class Tasks {
  private Tasks() {}

  /** Creates the task of a container; its output goes to {@code stdout}. */
  static void create(TestDaemon daemon, String container, String stdout) {
    Channel api = daemon.api().in(daemon.namespace());
    Container record =
        ContainersGrpc.newBlockingStub(api)
            .get(GetContainerRequest.newBuilder().setId(container).build())
            .getContainer();
    TasksGrpc.newBlockingStub(api)
        .create(
            CreateTaskRequest.newBuilder()
                .setContainerId(container)
                .setStdout(stdout)
                .addAllRootfs(
                    SnapshotsGrpc.newBlockingStub(api)
                        .mounts(
                            MountsRequest.newBuilder()
                                .setSnapshotter(record.getSnapshotter())
                                .setKey(record.getSnapshotKey())
                                .build())
                        .getMountsList())
                .build());
  }

  static void start(TestDaemon daemon, String container) {
    TasksGrpc.newBlockingStub(daemon.api().in(daemon.namespace()))
        .start(StartRequest.newBuilder().setContainerId(container).build());
  }
}
