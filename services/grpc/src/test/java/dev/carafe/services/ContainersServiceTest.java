package dev.carafe.services;

import static dev.carafe.services.Wire.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.FieldMask;
import dev.carafe.api.events.ContainerCreate;
import dev.carafe.api.services.containers.v1.Container;
import dev.carafe.api.services.containers.v1.ContainersGrpc;
import dev.carafe.api.services.containers.v1.ContainersGrpc.ContainersBlockingStub;
import dev.carafe.api.services.containers.v1.CreateContainerRequest;
import dev.carafe.api.services.containers.v1.DeleteContainerRequest;
import dev.carafe.api.services.containers.v1.GetContainerRequest;
import dev.carafe.api.services.containers.v1.ListContainersRequest;
import dev.carafe.api.services.containers.v1.UpdateContainerRequest;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.snapshots.SnapshotKey;
import io.grpc.Status.Code;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ContainersServiceTest extends ServiceTest {
  private ContainersBlockingStub containers;

  @Override
  void connect() {
    containers = ContainersGrpc.newBlockingStub(wire.channel());
  }

  private static Container.Builder container(String id) {
    return Container.newBuilder()
        .setId(id)
        .putLabels("a", "1")
        .setImage("image")
        .setRuntime(Container.Runtime.newBuilder().setName("runc").setOptions(Records.ODD))
        .setSpec(Records.ODD)
        .putExtensions("ext.one/x", Records.ODD)
        .setSandbox("pod");
  }

  private Container create(Container.Builder container) {
    return containers
        .create(CreateContainerRequest.newBuilder().setContainer(container).build())
        .getContainer();
  }

  private Container get(String id) {
    return containers.get(GetContainerRequest.newBuilder().setId(id).build()).getContainer();
  }

  private Container update(Container.Builder container, String... mask) {
    return containers
        .update(
            UpdateContainerRequest.newBuilder()
                .setContainer(container)
                .setUpdateMask(FieldMask.newBuilder().addAllPaths(List.of(mask)))
                .build())
        .getContainer();
  }

  @Test
  void typedValuesAreKeptByteForByte() {
    create(container("c"));
    Container stored = get("c");
    assertEquals(Records.ODD, stored.getSpec());
    assertEquals(Records.ODD, stored.getRuntime().getOptions());
    assertEquals(Map.of("ext.one/x", Records.ODD), stored.getExtensionsMap());
    assertEquals("pod", stored.getSandbox());
  }

  @Test
  void containersAreRefusedAsContainerdRefusesThem() {
    create(container("c"));
    refused(Code.ALREADY_EXISTS, "container \"c\": already exists", () -> create(container("c")));
    String missing = "container \"x\" in namespace \"testing\": not found";
    refused(Code.NOT_FOUND, missing, () -> get("x"));
    refused(
        Code.NOT_FOUND,
        missing,
        () -> containers.delete(DeleteContainerRequest.newBuilder().setId("x").build()));
    for (Container.Builder bad :
        List.of(
            container(""),
            container("a b"),
            container("x".repeat(77)),
            container("d").clearRuntime(),
            container("d").clearSpec(),
            container("d").setSnapshotKey("key"),
            container("d").putExtensions("", Any.getDefaultInstance()))) {
      refused(Code.INVALID_ARGUMENT, () -> create(bad));
    }
  }

  @Test
  void updatesFollowTheMask() {
    create(container("c"));
    Any other = Any.newBuilder().setTypeUrl("t").build();
    assertEquals(
        Map.of("a", "1", "x.y/z", "2"),
        update(container("c").putLabels("x.y/z", "2").putLabels("a", "9"), "labels.x.y/z")
            .getLabelsMap());
    assertEquals(
        Map.of("ext.one/x", Records.ODD, "b", other),
        update(container("c").putExtensions("b", other), "extensions.b").getExtensionsMap());
    assertEquals(
        Map.of("b", other),
        update(container("c").clearExtensions(), "extensions.ext.one/x").getExtensionsMap());
    assertEquals(other, update(container("c").setSpec(other), "spec").getSpec());
    assertEquals("new", update(container("c").setImage("new"), "image").getImage());
    assertEquals(
        Map.of("only", "1"),
        update(Container.newBuilder().setId("c").putLabels("only", "1"), "labels").getLabelsMap());
    refused(
        Code.INVALID_ARGUMENT,
        "cannot update \"runtime\" field on \"c\"",
        () -> update(container("c"), "runtime"));
    refused(Code.INVALID_ARGUMENT, () -> update(container("c"), "updated_at"));
  }

  @Test
  void withoutMaskAllIsReplacedButWhatIsFixed() {
    Container created = create(container("c").setSnapshotter("memory").setSnapshotKey("k"));
    Container updated =
        update(container("c").setSnapshotter("memory").clearExtensions().setImage("new"));
    assertEquals("new", updated.getImage());
    assertEquals("", updated.getSnapshotKey());
    assertEquals(Map.of(), updated.getExtensionsMap());
    assertEquals(created.getCreatedAt(), updated.getCreatedAt());
    refused(
        Code.INVALID_ARGUMENT,
        "container.Snapshotter field is immutable",
        () -> update(container("c").setSnapshotter("other")));
    refused(
        Code.INVALID_ARGUMENT,
        "container.Runtime.Name field is immutable",
        () ->
            update(
                container("c")
                    .setSnapshotter("memory")
                    .setRuntime(Container.Runtime.newBuilder().setName("other"))));
  }

  @Test
  void containerHoldsItsSnapshotAndWhatItsLabelsName() {
    wire.stores().snapshotter("memory").prepare(new SnapshotKey("k"), null, Map.of());
    wire.stores().snapshotter("memory").prepare(new SnapshotKey("named"), null, Map.of());
    wire.stores().snapshotter("memory").prepare(new SnapshotKey("loose"), null, Map.of());
    create(
        container("c")
            .setSnapshotter("memory")
            .setSnapshotKey("k")
            .putLabels("containerd.io/gc.ref.snapshot.memory", "named"));
    wire.collect();
    assertEquals(List.of("k", "named"), snapshots());
    containers.delete(DeleteContainerRequest.newBuilder().setId("c").build());
    wire.collect();
    assertEquals(List.of(), snapshots());
  }

  private List<String> snapshots() {
    List<String> keys = new ArrayList<>();
    wire.stores().snapshotter("memory").forEach(snapshot -> keys.add(snapshot.key().value()));
    return keys;
  }

  @Test
  void changesAreEvents() {
    create(container("c"));
    update(container("c").setImage("new"), "image");
    containers.delete(DeleteContainerRequest.newBuilder().setId("c").build());
    assertEquals(
        List.of(
            new Event.ContainerCreated(
                "c",
                "image",
                "runc",
                new Event.RuntimeOptions(
                    Records.ODD.getTypeUrl(), Records.ODD.getValue().toByteArray())),
            new Event.ContainerUpdated("c", "new", Map.of("a", "1"), ""),
            new Event.ContainerDeleted("c")),
        wire.published());
  }

  @Test
  void creationIsToldWithTheRuntimesOptions() {
    // Given
    Any options =
        Any.newBuilder()
            .setTypeUrl("containerd.runc.v1.Options")
            .setValue(ByteString.copyFrom(new byte[] {1, 0, -1}))
            .build();
    // When
    create(
        container("c")
            .setRuntime(Container.Runtime.newBuilder().setName("runc").setOptions(options)));
    // Then
    Event.ContainerCreated created = (Event.ContainerCreated) wire.published().getFirst();
    assertEquals(
        new Event.RuntimeOptions("containerd.runc.v1.Options", new byte[] {1, 0, -1}),
        created.options());
    assertEquals(
        ContainerCreate.newBuilder()
            .setId("c")
            .setImage("image")
            .setRuntime(ContainerCreate.Runtime.newBuilder().setName("runc").setOptions(options))
            .build()
            .toByteString(),
        EventProtos.any(created).getValue());
  }

  @Test
  void listAndStreamAgree() {
    for (int i = 0; i < 250; i++) {
      create(container("c" + i).putLabels("odd", i % 2 == 0 ? "" : "yes"));
    }
    ListContainersRequest odd =
        ListContainersRequest.newBuilder().addFilters("labels.odd==yes,runtime.name==runc").build();
    List<Container> streamed = new ArrayList<>();
    containers.listStream(odd).forEachRemaining(part -> streamed.add(part.getContainer()));
    assertEquals(125, streamed.size());
    assertEquals(containers.list(odd).getContainersList(), streamed);
    ListContainersRequest bad = ListContainersRequest.newBuilder().addFilters("id=").build();
    refused(Code.INVALID_ARGUMENT, () -> containers.list(bad));
    refused(Code.INVALID_ARGUMENT, () -> containers.listStream(bad).hasNext());
  }
}
