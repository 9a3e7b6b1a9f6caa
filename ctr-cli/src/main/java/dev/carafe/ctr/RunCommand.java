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
import dev.carafe.api.types.Mount;
import dev.carafe.ctr.grpc.StatusException;
import dev.carafe.linux.Terminal;
import dev.carafe.oci.ContainerUser;
import dev.carafe.oci.Json;
import dev.carafe.oci.RuntimeSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Runs a container, as containerd's clients do: image → snapshot → specification → container →
 * task. A lease holds the snapshot until the container record does.
 */
final class RunCommand {
  private static final String RUNTIME = "runc";

  /** What a daemon takes for a label's key and value together. */
  private static final int MAX_LABEL = 4096;

  private final Session session;
  private final Arguments arguments;

  RunCommand(Session session) {
    this.session = session;
    this.arguments = session.arguments();
  }

  int create() throws IOException {
    createContainer(null);
    return 0;
  }

  int run() throws IOException {
    boolean interactive = arguments.has("interactive");
    try (ProcessIo io = ProcessIo.open(session, id(), "", arguments.has("tty"), interactive)) {
      boolean remove = arguments.has("rm") && !io.isDetached();
      Container container = createContainer(io.size());
      int code;
      try {
        code = new TaskRun(session, container, io).run();
      } catch (IOException | RuntimeException e) {
        if (remove) {
          removeAfter(e);
        }
        throw e;
      }
      if (remove) {
        ContainerCommands.remove(session, id(), true);
      }
      return code;
    }
  }

  private void removeAfter(Exception failure) {
    try {
      ContainerCommands.remove(session, id(), true);
    } catch (StatusException e) {
      failure.addSuppressed(e);
    }
  }

  private boolean fromImage() {
    return !arguments.has("config") && !arguments.has("rootfs");
  }

  private String id() {
    return arguments.operand(fromImage() ? 1 : 0);
  }

  private List<String> command() {
    return arguments.operandsFrom(fromImage() ? 2 : 1);
  }

  private Container createContainer(Terminal.@Nullable Size size) throws IOException {
    if (fromImage()) {
      return createFromImage(size);
    }
    String config = arguments.valueOrNull("config");
    if (config != null) {
      byte[] json = Files.readAllBytes(Path.of(config));
      if (Json.object(config, json).object("process").texts("args").isEmpty()) {
        throw new UsageException(config + ": process.args is missing");
      }
      return store(builder(), json);
    }
    Path root = Path.of(arguments.value("rootfs", "")).toAbsolutePath();
    RuntimeSpec spec = spec().args(command()).rootPath(root.toString());
    spec.user(ContainerUser.resolve(arguments.value("user", ""), RootFiles.ofDirectory(root)));
    return store(builder(), flagged(spec, size));
  }

  private RuntimeSpec spec() {
    String cgroup = arguments.value("cgroup", "/" + session.namespace() + "/" + id());
    return new RuntimeSpec(cgroup, SpecFlags.cgroupV2());
  }

  private byte[] flagged(RuntimeSpec spec, Terminal.@Nullable Size size) throws IOException {
    SpecFlags.apply(spec, arguments, id());
    if (size != null) {
      spec.consoleSize(size.rows(), size.columns());
    }
    return spec.json();
  }

  private Container createFromImage(Terminal.@Nullable Size size) throws IOException {
    Image image = ImageCommands.find(session, arguments.operand(0));
    RunnableImage runnable = RunnableImage.read(session, image, arguments.valueOrNull("platform"));
    Lease lease = lease();
    boolean created = false;
    try {
      List<Mount> mounts = prepare(image, runnable, lease);
      RuntimeSpec spec = spec().image(runnable.config(), command());
      String user = arguments.value("user", runnable.config().user());
      spec.user(ContainerUser.resolve(user, RootFiles.ofSnapshot(mounts)));
      Container.Builder container =
          builder()
              .setImage(image.getName())
              .setSnapshotter(session.snapshotter())
              .setSnapshotKey(id());
      label(container, runnable);
      Container stored = store(container, flagged(spec, size));
      created = true;
      return stored;
    } finally {
      // Where no container was made, the snapshot goes with its lease.
      DeleteRequest end = DeleteRequest.newBuilder().setId(lease.getId()).setSync(!created).build();
      session.channel().unary(Api.Leases.DELETE, end);
    }
  }

  /** The image's labels as far as they fit, and its stop signal; what the flags say wins. */
  private static void label(Container.Builder container, RunnableImage image) {
    Map<String, String> given = Map.copyOf(container.getLabelsMap());
    image
        .config()
        .labels()
        .forEach((key, value) -> {
          if (!key.isEmpty() && key.length() + value.length() <= MAX_LABEL) {
            container.putLabels(key, value);
          }
        });
    String signal = image.config().stopSignal();
    if (!signal.isEmpty() && signal.length() < MAX_LABEL / 2) {
      container.putLabels(TaskCommands.STOP_SIGNAL, signal);
    }
    container.putAllLabels(given);
  }

  private Lease lease() {
    Instant end = Instant.now().plusSeconds(3600).truncatedTo(ChronoUnit.SECONDS);
    CreateRequest request =
        CreateRequest.newBuilder().putLabels(LeaseCommands.EXPIRE, end.toString()).build();
    return session.channel().unary(Api.Leases.CREATE, request).getLease();
  }

  private List<Mount> prepare(Image image, RunnableImage runnable, Lease lease) {
    PrepareSnapshotRequest request =
        PrepareSnapshotRequest.newBuilder()
            .setSnapshotter(session.snapshotter())
            .setKey(id())
            .setParent(runnable.chainId())
            .build();
    try {
      return session
          .channel()
          .unary(Api.Snapshots.PREPARE, request, Map.of("containerd-lease", lease.getId()))
          .getMountsList();
    } catch (StatusException e) {
      if (e.code() != StatusException.NOT_FOUND) {
        throw e;
      }
      String message =
          ("image \"" + image.getName() + "\": not unpacked for snapshotter ")
              + (session.snapshotter() + ", carafe pull does it (" + e.getMessage() + ")");
      throw new StatusException(e.code(), message);
    }
  }

  private Container.Builder builder() {
    Container.Runtime.Builder runtime =
        Container.Runtime.newBuilder().setName(arguments.value("runtime", RUNTIME));
    Options options =
        Options.newBuilder()
            .setBinaryName(arguments.value("runc-binary", ""))
            .setRoot(arguments.value("runc-root", ""))
            .setSystemdCgroup(arguments.has("runc-systemd-cgroup"))
            .setNoPivotRoot(arguments.has("no-pivot"))
            .build();
    if (options.getSerializedSize() > 0) {
      runtime.setOptions(
          Any.newBuilder()
              .setTypeUrl("containerd.runc.v1.Options")
              .setValue(options.toByteString()));
    }
    return Container.newBuilder()
        .setId(id())
        .setRuntime(runtime)
        .setSandbox(arguments.value("sandbox", ""))
        .putAllLabels(Text.pairs(arguments.values("label")));
  }

  private Container store(Container.Builder container, byte[] spec) {
    container.setSpec(
        Any.newBuilder().setTypeUrl(RuntimeSpec.TYPE_URL).setValue(ByteString.copyFrom(spec)));
    CreateContainerRequest request =
        CreateContainerRequest.newBuilder().setContainer(container).build();
    return session.channel().unary(Api.Containers.CREATE, request).getContainer();
  }
}
