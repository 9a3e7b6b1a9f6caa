package dev.carafe.ctr;

import com.google.protobuf.Any;
import dev.carafe.api.services.containers.v1.Container;
import dev.carafe.api.services.containers.v1.DeleteContainerRequest;
import dev.carafe.api.services.containers.v1.GetContainerRequest;
import dev.carafe.api.services.containers.v1.ListContainersRequest;
import dev.carafe.api.services.snapshots.v1.RemoveSnapshotRequest;
import dev.carafe.api.services.tasks.v1.DeleteTaskRequest;
import dev.carafe.ctr.grpc.StatusException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Containers: what exists. */
final class ContainerCommands {
  private final Session session;

  ContainerCommands(Session session) {
    this.session = session;
  }

  int list() {
    List<Container> containers =
        session
            .channel()
            .unary(
                Api.Containers.LIST,
                ListContainersRequest.newBuilder()
                    .addAllFilters(session.arguments().operands())
                    .build())
            .getContainersList();
    Table table = new Table("CONTAINER", "IMAGE", "RUNTIME");
    for (Container container : containers) {
      table.row(
          json(container),
          container.getId(),
          container.getImage(),
          container.getRuntime().getName());
    }
    table.print(session);
    return 0;
  }

  int info() {
    Container container = get(session, session.arguments().operand(0));
    boolean specOnly = session.arguments().has("spec");
    session.out().println(Text.json(specOnly ? Text.any(container.getSpec()) : json(container)));
    return 0;
  }

  static Container get(Session session, String id) {
    return session
        .channel()
        .unary(Api.Containers.GET, GetContainerRequest.newBuilder().setId(id).build())
        .getContainer();
  }

  private static Map<String, Object> json(Container container) {
    Map<String, Object> extensions = new LinkedHashMap<>();
    for (Map.Entry<String, Any> extension : container.getExtensionsMap().entrySet()) {
      extensions.put(extension.getKey(), Text.any(extension.getValue()));
    }
    return Text.object(
        "id", container.getId(),
        "labels", container.getLabelsMap(),
        "image", container.getImage(),
        "runtime", container.getRuntime().getName(),
        "snapshotter", container.getSnapshotter(),
        "snapshot_key", container.getSnapshotKey(),
        "created_at", Text.time(container.getCreatedAt()),
        "updated_at", Text.time(container.getUpdatedAt()),
        "extensions", extensions,
        "spec", Text.any(container.getSpec()));
  }

  int remove() {
    for (String id : session.arguments().operands()) {
      removeTask(id);
      remove(session, id, !session.arguments().has("keep-snapshot"));
    }
    return 0;
  }

  /** The daemon would let the container go from under its task. */
  private void removeTask(String id) {
    try {
      session
          .channel()
          .unary(Api.Tasks.DELETE, DeleteTaskRequest.newBuilder().setContainerId(id).build());
    } catch (StatusException e) {
      if (e.code() == StatusException.FAILED_PRECONDITION) {
        throw new StatusException(
            e.code(), "container \"" + id + "\" is running: carafe tasks rm --force " + id);
      }
      if (e.code() != StatusException.NOT_FOUND) {
        throw e;
      }
    }
  }

  /** The container first: it holds the snapshot. */
  static void remove(Session session, String id, boolean snapshotToo) {
    Container container = get(session, id);
    session
        .channel()
        .unary(Api.Containers.DELETE, DeleteContainerRequest.newBuilder().setId(id).build());
    if (snapshotToo && !container.getSnapshotKey().isEmpty()) {
      try {
        session
            .channel()
            .unary(
                Api.Snapshots.REMOVE,
                RemoveSnapshotRequest.newBuilder()
                    .setSnapshotter(container.getSnapshotter())
                    .setKey(container.getSnapshotKey())
                    .build());
      } catch (StatusException e) {
        if (e.code() != StatusException.NOT_FOUND) {
          throw e;
        }
      }
    }
  }
}
