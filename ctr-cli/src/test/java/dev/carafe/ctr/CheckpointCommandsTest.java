package dev.carafe.ctr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import dev.carafe.api.services.containers.v1.Container;
import dev.carafe.api.services.content.v1.WriteContentRequest;
import dev.carafe.api.services.diff.v1.ApplyRequest;
import dev.carafe.api.services.images.v1.Image;
import dev.carafe.api.services.leases.v1.DeleteRequest;
import dev.carafe.api.services.snapshots.v1.PrepareSnapshotRequest;
import dev.carafe.api.services.snapshots.v1.RemoveSnapshotRequest;
import dev.carafe.api.services.tasks.v1.CreateTaskRequest;
import dev.carafe.api.types.Descriptor;
import dev.carafe.ctr.grpc.TestServer;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.oci.MediaTypes;
import dev.carafe.oci.Platforms;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointCommandsTest {
  private static final String IMAGE = "docker.io/library/image:1";
  private static final String CHECKPOINT = "docker.io/library/checkpoint:1";
  private static final String DIFF_ID = "sha256:" + "ab".repeat(32);
  private static final Any SPEC = any("spec", "{\"process\":{\"args\":[\"sh\"]}}");
  private static final Any OPTIONS = any("containerd.runc.v1.Options", "options");

  private final FakeDaemon daemon = new FakeDaemon();
  private CommandLine line;
  private TestServer server;

  @BeforeEach
  void start(@TempDir Path directory) throws Exception {
    Path socket = directory.resolve("s");
    server = new TestServer(socket, daemon.services());
    line = new CommandLine(socket);
    Map<String, Object> config =
        Map.of(
            "os", Platforms.host().os(),
            "architecture", Platforms.host().architecture(),
            "rootfs", Map.of("type", "layers", "diff_ids", List.of(DIFF_ID)));
    Descriptor layer = daemon.blob(LayerDiff.GZIP, new byte[] {1});
    Map<String, Object> manifest = new LinkedHashMap<>();
    manifest.put("schemaVersion", 2);
    manifest.put("config", json(daemon.blob(MediaTypes.OCI_CONFIG, Json.bytes(config))));
    manifest.put("layers", List.of(json(layer)));
    image(IMAGE, daemon.blob(MediaTypes.OCI_MANIFEST, Json.bytes(manifest)));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private void image(String name, Descriptor target) {
    daemon.images.put(name, Image.newBuilder().setName(name).setTarget(target).build());
  }

  private static Any any(String type, String value) {
    return Any.newBuilder().setTypeUrl(type).setValue(ByteString.copyFromUtf8(value)).build();
  }

  private static Map<String, Object> json(Descriptor descriptor) {
    return Map.of(
        "mediaType", descriptor.getMediaType(),
        "digest", descriptor.getDigest(),
        "size", descriptor.getSize());
  }

  /** An index with everything that a checkpoint can have but what is named. */
  private void checkpoint(String without) {
    Map<String, String> annotations =
        new LinkedHashMap<>(
            Map.of(
                CheckpointCommands.IMAGE_NAME, IMAGE,
                CheckpointCommands.RUNTIME, "runc",
                CheckpointCommands.SNAPSHOTTER, "native"));
    annotations.remove(without);
    List<Object> parts = new ArrayList<>();
    Map.of(
            CheckpointCommands.SPEC,
            SPEC.toByteArray(),
            CheckpointCommands.RUNTIME_OPTIONS,
            OPTIONS.toByteArray(),
            CheckpointCommands.STATE,
            new byte[] {2},
            LayerDiff.GZIP,
            new byte[] {3})
        .forEach((type, bytes) -> {
          if (!type.equals(without)) {
            parts.add(json(daemon.blob(type, bytes)));
          }
        });
    Map<String, Object> index = new LinkedHashMap<>();
    index.put("schemaVersion", 2);
    index.put("manifests", parts);
    index.put("annotations", annotations);
    image(CHECKPOINT, daemon.blob(MediaTypes.OCI_INDEX, Json.bytes(index)));
  }

  @Test
  void containersAreRestoredAsTheyWere() {
    // Given
    checkpoint("");
    // When
    line.run("containers", "restore", "--rw", "--live", "--detach", "c", CHECKPOINT);
    // Then
    PrepareSnapshotRequest prepared = daemon.asked(PrepareSnapshotRequest.class);
    assertEquals("native c " + DIFF_ID, shown(prepared));
    assertEquals(LayerDiff.GZIP, daemon.asked(ApplyRequest.class).getDiff().getMediaType());
    Container container =
        daemon
            .asked(dev.carafe.api.services.containers.v1.CreateContainerRequest.class)
            .getContainer();
    assertEquals(
        Container.newBuilder()
            .setId("c")
            .setImage(IMAGE)
            .setRuntime(Container.Runtime.newBuilder().setName("runc").setOptions(OPTIONS))
            .setSpec(SPEC)
            .setSnapshotter("native")
            .setSnapshotKey("c")
            .build(),
        container);
    CreateTaskRequest task = daemon.asked(CreateTaskRequest.class);
    assertEquals("c", task.getContainerId());
    assertEquals(CheckpointCommands.STATE, task.getCheckpoint().getMediaType());
    assertEquals(1, task.getCheckpoint().getSize());
    assertEquals(1, task.getRootfsCount());
  }

  private static String shown(PrepareSnapshotRequest request) {
    return request.getSnapshotter() + " " + request.getKey() + " " + request.getParent();
  }

  @Test
  void withoutFlagsItStartsAnewOnFreshFiles() {
    // Given
    checkpoint(CheckpointCommands.STATE);
    // When
    line.run("containers", "restore", "--detach", "c", "checkpoint:1");
    // Then
    assertFalse(daemon.asked(CreateTaskRequest.class).hasCheckpoint());
    assertTrue(daemon.asked.stream().noneMatch(ApplyRequest.class::isInstance));
  }

  @Test
  void whatCannotBeRunIsNotLeftBehind() {
    // Given
    checkpoint("");
    // When
    int code = line.run("containers", "restore", "--live", "--detach", "c", CHECKPOINT);
    // Then
    assertEquals(1, code);
    assertEquals("carafe: criu is not there\n", line.err());
    assertTrue(daemon.containers.isEmpty());
    assertEquals("c", daemon.asked(RemoveSnapshotRequest.class).getKey());
    assertEquals("l", daemon.asked(DeleteRequest.class).getId());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        CheckpointCommands.SPEC,
        CheckpointCommands.STATE,
        LayerDiff.GZIP,
        CheckpointCommands.IMAGE_NAME,
        CheckpointCommands.RUNTIME,
        CheckpointCommands.SNAPSHOTTER
      })
  void halfACheckpointIsRefused(String missing) {
    // Given
    checkpoint(missing);
    // When
    int code = line.run("containers", "restore", "--rw", "--live", "--detach", "c", CHECKPOINT);
    // Then
    assertEquals(1, code);
    assertTrue(line.err().matches("carafe: image \"\\S+\" has no .+ of a container\n"), line.err());
    assertTrue(daemon.containers.isEmpty());
    assertTrue(daemon.asked.stream().noneMatch(CreateTaskRequest.class::isInstance));
  }

  @Test
  void checkpointsHaveWhatRestoreNeeds() {
    // Given
    daemon.containers.put(
        "c",
        Container.newBuilder()
            .setId("c")
            .setImage(IMAGE)
            .setRuntime(Container.Runtime.newBuilder().setName("runc").setOptions(OPTIONS))
            .setSpec(SPEC)
            .setSnapshotter("native")
            .setSnapshotKey("c")
            .build());
    // When
    int code = line.run("containers", "checkpoint", "--image", "c", CHECKPOINT);
    // Then
    assertEquals(0, code, line.err());
    Descriptor target = daemon.images.get(CHECKPOINT).getTarget();
    JsonObject index = Json.object("index", daemon.blobs.get(target.getDigest()));
    assertEquals(
        List.of(
            CheckpointCommands.RUNTIME_OPTIONS, MediaTypes.OCI_MANIFEST, CheckpointCommands.SPEC),
        index.objects("manifests").stream().map(part -> part.text("mediaType")).toList());
    assertEquals(
        Map.of(
            CheckpointCommands.IMAGE_NAME, IMAGE,
            CheckpointCommands.RUNTIME, "runc",
            CheckpointCommands.SNAPSHOTTER, "native"),
        index.textMap("annotations"));
    Map<String, String> held =
        daemon.asked.stream()
            .filter(WriteContentRequest.class::isInstance)
            .map(WriteContentRequest.class::cast)
            .toList()
            .getLast()
            .getLabelsMap();
    assertEquals(3, held.size(), "the index holds its parts: " + held);
    // And
    assertEquals(1, line.run("containers", "restore", "--detach", "d", CHECKPOINT));
    assertEquals("d", daemon.asked(CreateTaskRequest.class).getContainerId());
    assertEquals(
        SPEC.getValue().toString(StandardCharsets.UTF_8),
        daemon
            .asked(dev.carafe.api.services.containers.v1.CreateContainerRequest.class)
            .getContainer()
            .getSpec()
            .getValue()
            .toString(StandardCharsets.UTF_8));
  }
}
