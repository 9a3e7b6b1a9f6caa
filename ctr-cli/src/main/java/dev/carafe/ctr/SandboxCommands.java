package dev.carafe.ctr;

import dev.carafe.api.services.sandbox.v1.ControllerShutdownRequest;
import dev.carafe.api.services.sandbox.v1.ControllerStopRequest;
import dev.carafe.api.services.sandbox.v1.StoreDeleteRequest;
import dev.carafe.api.services.sandbox.v1.StoreListRequest;
import dev.carafe.api.types.Sandbox;
import dev.carafe.ctr.grpc.StatusException;
import java.util.List;

/** Sandboxes: what containers of a pod share. */
final class SandboxCommands {
  private final Session session;

  SandboxCommands(Session session) {
    this.session = session;
  }

  int list() {
    Table table = new Table("SANDBOX", "CREATED", "RUNTIME", "CONTROLLER");
    for (Sandbox sandbox : sandboxes(session.arguments().operands())) {
      table.row(
          Text.object(
              "id", sandbox.getSandboxId(),
              "runtime", sandbox.getRuntime().getName(),
              "sandboxer", sandbox.getSandboxer(),
              "labels", sandbox.getLabelsMap(),
              "created_at", Text.time(sandbox.getCreatedAt()),
              "updated_at", Text.time(sandbox.getUpdatedAt())),
          sandbox.getSandboxId(),
          Text.time(sandbox.getCreatedAt()),
          sandbox.getRuntime().getName(),
          sandbox.getSandboxer());
    }
    table.print(session);
    return 0;
  }

  private List<Sandbox> sandboxes(List<String> filters) {
    return session
        .channel()
        .unary(Api.Sandboxes.LIST, StoreListRequest.newBuilder().addAllFilters(filters).build())
        .getListList();
  }

  int remove() {
    for (String id : session.arguments().operands()) {
      try {
        end(id);
      } catch (StatusException e) {
        if (!session.arguments().has("force")) {
          throw e;
        }
        session.streams().complain(String.valueOf(e.getMessage()));
      }
      StoreDeleteRequest request = StoreDeleteRequest.newBuilder().setSandboxId(id).build();
      session.channel().unary(Api.Sandboxes.DELETE, request);
    }
    return 0;
  }

  /** One that its controller does not know, or no longer, needs no end. */
  private void end(String id) {
    try {
      session
          .channel()
          .unary(Api.Sandboxes.STOP, ControllerStopRequest.newBuilder().setSandboxId(id).build());
      session
          .channel()
          .unary(
              Api.Sandboxes.SHUTDOWN,
              ControllerShutdownRequest.newBuilder().setSandboxId(id).build());
    } catch (StatusException e) {
      if (e.code() != StatusException.NOT_FOUND) {
        throw e;
      }
    }
  }
}
