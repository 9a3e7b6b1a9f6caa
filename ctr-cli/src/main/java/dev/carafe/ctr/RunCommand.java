package dev.carafe.ctr;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import dev.carafe.api.runc.v1.Options;
import dev.carafe.api.services.containers.v1.Container;
import dev.carafe.api.services.containers.v1.CreateContainerRequest;
import dev.carafe.api.services.images.v1.Image;
import dev.carafe.api.services.leases.v1.CreateRequest;
import dev.carafe.api.services.leases.v1.DeleteRequest;
import dev.carafe.api.services.leases.v1.Lease;
import dev.carafe.api.services.snapshots.v1.PrepareSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.PrepareSnapshotResponse;
import dev.carafe.api.types.Mount;
import dev.carafe.ctr.grpc.Call;
import dev.carafe.ctr.grpc.StatusException;
import dev.carafe.oci.ContainerUser;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.oci.RuntimeSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;

/**
 * Runs a container, as containerd's clients do: image → snapshot → specification → container → task. A lease holds the snapshot until the
 * container record does.
 */
final class RunCommand {
  private static final String RUNTIME = "io.containerd.runc.v2";

  private final Session session;
  private final Arguments arguments;

  RunCommand(Session session) {
    this.session = session;
    this.arguments = session.arguments();
  }

  int create() throws IOException {
    createContainer();
    return 0;
  }

  int run() throws Exception {
    boolean terminal = arguments.has("tty");
    if (terminal && arguments.has("detach")) {
      throw new UsageException("--tty and --detach exclude each other");
    }
    Container container = createContainer();
    try {
      int code = new TaskRun(session, container.getId()).run(container, terminal, !arguments.has("detach"));
      if (arguments.has("rm") && !arguments.has("detach")) {
        ContainerCommands.remove(session, container.getId(), true);
      }
      return code;
    } catch (Exception e) {
      if (arguments.has("rm")) {
        removeQuietly(container.getId());
      }
      throw e;
    }
  }

  private void removeQuietly(String id) {
    try {
      ContainerCommands.remove(session, id, true);
    } catch (StatusException e) {
      System.err.println("carafe: container " + id + " is left: " + e.getMessage());
    }
  }

  /** Whether a container's specification asks for a terminal. */
  static boolean terminal(Container container) {
    return Json.object("specification", container.getSpec().getValue().toByteArray())
        .object("process")
        .flag("terminal");
  }

  private Container createContainer() throws IOException {
    String config = arguments.valueOrNull("config");
    String rootfs = arguments.valueOrNull("rootfs");
    if (config != null) {
      byte[] json = Files.readAllBytes(Path.of(config));
      JsonObject spec = Json.object(config, json);
      if (spec.object("process").texts("args").isEmpty()) {
        throw new UsageException(config + ": process.args is missing");
      }
      return store(builder(arguments.operand(0)), json);
    }
    if (rootfs != null) {
      String id = arguments.operand(0);
      List<String> command = arguments.operands().subList(1, arguments.operands().size());
      RuntimeSpec spec = new RuntimeSpec(cgroupsPath(id), SpecFlags.cgroupV2()).args(command);
      spec.rootPath(Path.of(rootfs).toAbsolutePath().toString());
      SpecFlags.apply(spec, arguments, id);
      return store(builder(id), spec.json());
    }
    return fromImage();
  }

  private Container fromImage() {
    Image image = ImageCommands.find(session, arguments.operand(0));
    String id = arguments.operand(1);
    List<String> command = arguments.operands().subList(2, arguments.operands().size());
    RunnableImage runnable =
        RunnableImage.read(session, image, arguments.valueOrNull("platform"));
    Lease lease = lease();
    boolean created = false;
    try {
      List<Mount> mounts = prepare(image, id, runnable, lease);
      RuntimeSpec spec =
          new RuntimeSpec(cgroupsPath(id), SpecFlags.cgroupV2()).image(runnable.config(), command);
      String user = arguments.value("user", runnable.config().user());
      spec.user(ContainerUser.resolve(user, new RootFiles(mounts)));
      SpecFlags.apply(spec, arguments, id);
      Container container =
          store(
              builder(id)
                  .setImage(image.getName())
                  .setSnapshotter(session.snapshotter())
                  .setSnapshotKey(id),
              spec.json());
      created = true;
      return container;
    } finally {
      // Where no container was made, the snapshot goes with its lease.
      session
          .channel()
          .unary(
              Api.Leases.DELETE, DeleteRequest.newBuilder().setId(lease.getId()).setSync(!created).build());
    }
  }

  private String cgroupsPath(String id) {
    return "/" + session.namespace() + "/" + id;
  }

  private Lease lease() {
    return session
        .channel()
        .unary(
            Api.Leases.CREATE,
            CreateRequest.newBuilder()
                .putLabels(
                    "containerd.io/gc.expire",
                    Instant.now().plusSeconds(3600).truncatedTo(ChronoUnit.SECONDS).toString())
                .build())
        .getLease();
  }

  private List<Mount> prepare(Image image, String id, RunnableImage runnable, Lease lease) {
    PrepareSnapshotRequest request =
        PrepareSnapshotRequest.newBuilder()
            .setSnapshotter(session.snapshotter())
            .setKey(id)
            .setParent(runnable.chainId())
            .build();
    try (Call<PrepareSnapshotRequest, PrepareSnapshotResponse> call =
        session.channel().open(Api.Snapshots.PREPARE, Map.of("containerd-lease", lease.getId()))) {
      call.send(request);
      call.halfClose();
      PrepareSnapshotResponse response = call.receive();
      return response == null ? List.of() : response.getMountsList();
    } catch (StatusException e) {
      if (e.code() == StatusException.NOT_FOUND) {
        throw new StatusException(
            e.code(),
            "image \"" + image.getName() + "\" is not unpacked for snapshotter " + session.snapshotter() + ": carafe pull it (" + e.getMessage() + ")");
      }
      throw e;
    }
  }

  private Container.Builder builder(String id) {
    Container.Runtime.Builder runtime =
        Container.Runtime.newBuilder().setName(arguments.value("runtime", RUNTIME));
    String binary = arguments.valueOrNull("runc-binary");
    if (binary != null) {
      runtime.setOptions(
          Any.newBuilder()
              .setTypeUrl("containerd.runc.v1.Options")
              .setValue(Options.newBuilder().setBinaryName(binary).build().toByteString()));
    }
    return Container.newBuilder()
        .setId(id)
        .setRuntime(runtime)
        .putAllLabels(Text.pairs(arguments.values("label")));
  }

  private Container store(Container.Builder container, byte[] spec) {
    container.setSpec(
        Any.newBuilder().setTypeUrl(RuntimeSpec.TYPE_URL).setValue(ByteString.copyFrom(spec)));
    return session
        .channel()
        .unary(Api.Containers.CREATE, CreateContainerRequest.newBuilder().setContainer(container).build())
        .getContainer();
  }
}
