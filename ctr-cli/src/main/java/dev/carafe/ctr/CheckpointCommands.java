package dev.carafe.ctr;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import dev.carafe.api.runc.v1.CheckpointOptions;
import dev.carafe.api.services.containers.v1.Container;
import dev.carafe.api.services.containers.v1.CreateContainerRequest;
import dev.carafe.api.services.diff.v1.ApplyRequest;
import dev.carafe.api.services.images.v1.CreateImageRequest;
import dev.carafe.api.services.images.v1.Image;
import dev.carafe.api.services.snapshots.v1.PrepareSnapshotRequest;
import dev.carafe.api.services.tasks.v1.CheckpointTaskRequest;
import dev.carafe.api.services.tasks.v1.GetRequest;
import dev.carafe.api.services.tasks.v1.PauseTaskRequest;
import dev.carafe.api.services.tasks.v1.ResumeTaskRequest;
import dev.carafe.api.types.Descriptor;
import dev.carafe.api.types.Mount;
import dev.carafe.api.types.v1.Status;
import dev.carafe.ctr.grpc.StatusException;
import dev.carafe.oci.ImageDocument;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.oci.MediaTypes;
import dev.carafe.oci.Platforms;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Containers as images and back, as containerd's clients write them: an index whose annotations
 * name image, runtime and snapshotter, and whose manifests are the specification, the changed files
 * and the state of the processes.
 */
final class CheckpointCommands {
  static final String STATE = "application/vnd.containerd.container.criu.checkpoint.criu.tar";
  static final String SPEC = "application/vnd.containerd.container.checkpoint.config.v1+proto";
  static final String OPTIONS = "application/vnd.containerd.container.checkpoint.options.v1+proto";
  static final String RUNTIME_OPTIONS =
      "application/vnd.containerd.container.checkpoint.runtime.options+proto";
  static final String IMAGE_NAME = "org.opencontainers.image.ref.name";
  static final String RUNTIME = "io.containerd.checkpoint.runtime";
  static final String SNAPSHOTTER = "io.containerd.checkpoint.snapshotter";

  private static final int MAX_BLOB = 4 << 20;

  private final Session session;
  private final Arguments arguments;

  CheckpointCommands(Session session) {
    this.session = session;
    this.arguments = session.arguments();
  }

  /** Makes an image of a container; its task stands still meanwhile. */
  int checkpoint() throws IOException {
    Container container = ContainerCommands.get(session, arguments.operand(0));
    if (container.getImage().isEmpty()) {
      throw new UsageException("container \"" + container.getId() + "\" was made of no image");
    }
    String name = ImageCommands.fullName(arguments.operand(1));
    try (Leased leased = new Leased(session)) {
      boolean paused = pause(container.getId());
      List<Descriptor> parts;
      try {
        parts = parts(leased, container);
      } finally {
        if (paused) {
          resume(container.getId());
        }
      }
      Descriptor index = index(leased, container, parts);
      session
          .channel()
          .unary(
              Api.Images.CREATE,
              CreateImageRequest.newBuilder()
                  .setImage(Image.newBuilder().setName(name).setTarget(index))
                  .build(),
              leased.metadata());
    }
    session.out().println(name);
    return 0;
  }

  private boolean pause(String id) {
    try {
      Status status =
          session
              .channel()
              .unary(Api.Tasks.GET, GetRequest.newBuilder().setContainerId(id).build())
              .getProcess()
              .getStatus();
      if (status != Status.RUNNING) {
        return false;
      }
    } catch (StatusException e) {
      if (e.code() == StatusException.NOT_FOUND) {
        return false;
      }
      throw e;
    }
    session
        .channel()
        .unary(Api.Tasks.PAUSE, PauseTaskRequest.newBuilder().setContainerId(id).build());
    return true;
  }

  private void resume(String id) {
    session
        .channel()
        .unary(Api.Tasks.RESUME, ResumeTaskRequest.newBuilder().setContainerId(id).build());
  }

  private List<Descriptor> parts(Leased leased, Container container) throws IOException {
    List<Descriptor> parts = new ArrayList<>();
    if (container.getRuntime().hasOptions()) {
      parts.add(write(leased, RUNTIME_OPTIONS, container.getRuntime().getOptions()));
    }
    if (arguments.has("image")) {
      parts.add(ImageCommands.find(session, container.getImage()).getTarget());
    }
    if (arguments.has("task")) {
      parts.addAll(state(leased, container.getId()));
    }
    if (parts.stream().noneMatch(part -> part.getMediaType().equals(SPEC))) {
      parts.add(write(leased, SPEC, container.getSpec()));
    }
    if (arguments.has("rw")) {
      parts.add(
          new LayerDiff(session, container.getSnapshotter(), leased)
              .added(container.getSnapshotKey(), LayerDiff.GZIP));
    }
    return parts;
  }

  /** The state of the task's processes and how it was taken. */
  private List<Descriptor> state(Leased leased, String id) throws IOException {
    Any options =
        Any.newBuilder()
            .setTypeUrl("containerd.runc.v1.CheckpointOptions")
            .setValue(CheckpointOptions.newBuilder().setFileLocks(true).build().toByteString())
            .build();
    CheckpointTaskRequest request =
        CheckpointTaskRequest.newBuilder().setContainerId(id).setOptions(options).build();
    List<Descriptor> state =
        new ArrayList<>(
            session
                .channel()
                .unary(Api.Tasks.CHECKPOINT, request, leased.metadata())
                .getDescriptorsList());
    state.add(write(leased, OPTIONS, options));
    return state;
  }

  private static Descriptor write(Leased leased, String mediaType, MessageLite message)
      throws IOException {
    return proto(
        leased.write(mediaType, new ByteArrayInputStream(message.toByteArray()), Map.of()));
  }

  private static Descriptor proto(dev.carafe.spi.content.Descriptor descriptor) {
    return Descriptor.newBuilder()
        .setMediaType(descriptor.mediaType())
        .setDigest(descriptor.digest().toString())
        .setSize(descriptor.size())
        .build();
  }

  private static Descriptor index(Leased leased, Container container, List<Descriptor> parts)
      throws IOException {
    Map<String, String> labels = new LinkedHashMap<>();
    List<Object> manifests = new ArrayList<>();
    for (Descriptor part : parts) {
      labels.put("containerd.io/gc.ref.content." + manifests.size(), part.getDigest());
      Map<String, Object> manifest =
          new LinkedHashMap<>(
              Map.of(
                  "mediaType", part.getMediaType(),
                  "digest", part.getDigest(),
                  "size", part.getSize()));
      // The image of a checkpoint says by itself what it is for.
      if (!MediaTypes.isIndex(part.getMediaType())) {
        manifest.put(
            "platform",
            Map.of("os", Platforms.host().os(), "architecture", Platforms.host().architecture()));
      }
      manifests.add(manifest);
    }
    Map<String, Object> index = new LinkedHashMap<>();
    index.put("schemaVersion", 2);
    index.put("mediaType", MediaTypes.OCI_INDEX);
    index.put("manifests", manifests);
    index.put(
        "annotations",
        Map.of(
            IMAGE_NAME, container.getImage(),
            RUNTIME, container.getRuntime().getName(),
            SNAPSHOTTER, container.getSnapshotter()));
    return proto(
        leased.write(MediaTypes.OCI_INDEX, new ByteArrayInputStream(Json.bytes(index)), labels));
  }

  /** Makes a container of a checkpoint and runs it; one that cannot be run is not left behind. */
  int restore() throws IOException {
    String id = arguments.operand(0);
    Image image = ImageCommands.find(session, arguments.operand(1));
    JsonObject index =
        Json.object(
            "checkpoint " + image.getName(),
            ContentCommands.read(session, image.getTarget().getDigest(), ImageDocument.LIMIT));
    Container container;
    try (Leased leased = new Leased(session)) {
      container = create(leased, id, index);
    }
    try (ProcessIo io =
        ProcessIo.open(
            session, id, "", TaskRun.terminal(container), arguments.has("interactive"))) {
      Optional<Descriptor> state = Optional.empty();
      if (arguments.has("live")) {
        state = Optional.of(part(index, STATE).orElseThrow(() -> missing("state of its task")));
      }
      return new TaskRun(session, container, io, state.orElse(null)).run();
    } catch (IOException | RuntimeException e) {
      try {
        removeWithoutTask(id);
      } catch (StatusException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  private void removeWithoutTask(String id) {
    try {
      session.channel().unary(Api.Tasks.GET, GetRequest.newBuilder().setContainerId(id).build());
    } catch (StatusException e) {
      if (e.code() != StatusException.NOT_FOUND) {
        throw e;
      }
      ContainerCommands.remove(session, id, true);
    }
  }

  private Container create(Leased leased, String id, JsonObject index) throws IOException {
    Map<String, String> annotations = index.textMap("annotations");
    Descriptor spec = part(index, SPEC).orElseThrow(() -> missing("specification"));
    Container.Runtime.Builder runtime =
        Container.Runtime.newBuilder().setName(required(annotations, RUNTIME, "runtime"));
    Optional<Descriptor> options = part(index, RUNTIME_OPTIONS);
    if (options.isPresent()) {
      runtime.setOptions(message(options.get()));
    }
    Image image =
        ImageCommands.find(session, required(annotations, IMAGE_NAME, "name of an image"));
    String snapshotter = required(annotations, SNAPSHOTTER, "snapshotter");
    Container container =
        Container.newBuilder()
            .setId(id)
            .setImage(image.getName())
            .setRuntime(runtime)
            .setSpec(message(spec))
            .setSnapshotter(snapshotter)
            .setSnapshotKey(id)
            .build();
    List<Mount> mounts = prepare(leased, container, image);
    if (arguments.has("rw")) {
      Descriptor layer = part(index, LayerDiff.GZIP).orElseThrow(() -> missing("changed files"));
      session
          .channel()
          .unary(
              Api.Diff.APPLY,
              ApplyRequest.newBuilder().setDiff(layer).addAllMounts(mounts).build(),
              leased.metadata());
    }
    return session
        .channel()
        .unary(
            Api.Containers.CREATE,
            CreateContainerRequest.newBuilder().setContainer(container).build(),
            leased.metadata())
        .getContainer();
  }

  private List<Mount> prepare(Leased leased, Container container, Image image) {
    return session
        .channel()
        .unary(
            Api.Snapshots.PREPARE,
            PrepareSnapshotRequest.newBuilder()
                .setSnapshotter(container.getSnapshotter())
                .setKey(container.getSnapshotKey())
                .setParent(RunnableImage.read(session, image, null).chainId())
                .build(),
            leased.metadata())
        .getMountsList();
  }

  private Any message(Descriptor part) {
    try {
      return Any.parseFrom(ContentCommands.read(session, part.getDigest(), MAX_BLOB));
    } catch (InvalidProtocolBufferException e) {
      throw new StatusException(
          StatusException.UNKNOWN, "blob " + part.getDigest() + " is no " + part.getMediaType());
    }
  }

  private static Optional<Descriptor> part(JsonObject index, String mediaType) {
    return index.objects("manifests").stream()
        .filter(part -> part.text("mediaType").equals(mediaType))
        .findFirst()
        .map(part ->
            Descriptor.newBuilder()
                .setMediaType(mediaType)
                .setDigest(part.text("digest"))
                .setSize(part.number("size", 0))
                .build());
  }

  private String required(Map<String, String> annotations, String name, String what) {
    String value = annotations.getOrDefault(name, "");
    if (value.isEmpty()) {
      throw missing(what);
    }
    return value;
  }

  private StatusException missing(String what) {
    return new StatusException(
        StatusException.NOT_FOUND,
        "image \"" + arguments.operand(1) + "\" has no " + what + " of a container");
  }
}
