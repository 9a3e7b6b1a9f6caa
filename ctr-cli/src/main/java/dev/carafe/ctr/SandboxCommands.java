package dev.carafe.ctr;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import dev.carafe.api.services.sandbox.v1.ControllerCreateRequest;
import dev.carafe.api.services.sandbox.v1.ControllerShutdownRequest;
import dev.carafe.api.services.sandbox.v1.ControllerStartRequest;
import dev.carafe.api.services.sandbox.v1.ControllerStopRequest;
import dev.carafe.api.services.sandbox.v1.StoreCreateRequest;
import dev.carafe.api.services.sandbox.v1.StoreDeleteRequest;
import dev.carafe.api.services.sandbox.v1.StoreListRequest;
import dev.carafe.api.types.Sandbox;
import dev.carafe.ctr.grpc.StatusException;
import dev.carafe.oci.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Sandboxes: what containers of a pod share. */
final class SandboxCommands {
  private static final String POD_OPTIONS = "dev.carafe.sandbox.pod.v1.Options";

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

  /** Makes a sandbox and starts it; one that cannot be started is not left behind. */
  int create() throws IOException {
    Arguments arguments = session.arguments();
    String id = arguments.operand(0);
    String controller = arguments.value("sandboxer", "pod");
    Sandbox sandbox =
        Sandbox.newBuilder()
            .setSandboxId(id)
            .setSandboxer(controller)
            .setRuntime(Sandbox.Runtime.newBuilder().setName(arguments.value("runtime", "runc")))
            .putAllLabels(Text.pairs(arguments.values("label")))
            .build();
    ControllerCreateRequest.Builder request =
        ControllerCreateRequest.newBuilder()
            .setSandboxId(id)
            .setSandboxer(controller)
            .setNetnsPath(arguments.value("netns", ""))
            .putAllAnnotations(Text.pairs(arguments.values("annotation")))
            .setSandbox(sandbox);
    String options = arguments.valueOrNull("options");
    if (options != null) {
      byte[] json = Files.readAllBytes(Path.of(options));
      Json.object(options, json);
      request.setOptions(
          Any.newBuilder()
              .setTypeUrl(arguments.value("options-type", POD_OPTIONS))
              .setValue(ByteString.copyFrom(json)));
    }
    session
        .channel()
        .unary(Api.Sandboxes.CREATE, StoreCreateRequest.newBuilder().setSandbox(sandbox).build());
    try {
      session.channel().unary(Api.Sandboxes.MAKE, request.build());
      session
          .channel()
          .unary(
              Api.Sandboxes.START,
              ControllerStartRequest.newBuilder()
                  .setSandboxId(id)
                  .setSandboxer(controller)
                  .build());
    } catch (StatusException e) {
      undo(id, e);
      throw e;
    }
    session.out().println(Text.printable(id));
    return 0;
  }

  private void undo(String id, StatusException failure) {
    try {
      end(id);
    } catch (StatusException e) {
      failure.addSuppressed(e);
    }
    try {
      session
          .channel()
          .unary(Api.Sandboxes.DELETE, StoreDeleteRequest.newBuilder().setSandboxId(id).build());
    } catch (StatusException e) {
      failure.addSuppressed(e);
    }
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
