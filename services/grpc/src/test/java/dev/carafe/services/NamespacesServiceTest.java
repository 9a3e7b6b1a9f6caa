package dev.carafe.services;

import static dev.carafe.services.Wire.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.FieldMask;
import dev.carafe.api.services.images.v1.ImagesGrpc;
import dev.carafe.api.services.images.v1.ListImagesRequest;
import dev.carafe.api.services.namespaces.v1.CreateNamespaceRequest;
import dev.carafe.api.services.namespaces.v1.DeleteNamespaceRequest;
import dev.carafe.api.services.namespaces.v1.GetNamespaceRequest;
import dev.carafe.api.services.namespaces.v1.ListNamespacesRequest;
import dev.carafe.api.services.namespaces.v1.Namespace;
import dev.carafe.api.services.namespaces.v1.NamespacesGrpc;
import dev.carafe.api.services.namespaces.v1.NamespacesGrpc.NamespacesBlockingStub;
import dev.carafe.api.services.namespaces.v1.UpdateNamespaceRequest;
import dev.carafe.spi.events.Event;
import io.grpc.Status.Code;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NamespacesServiceTest extends ServiceTest {
  private NamespacesBlockingStub namespaces;

  @Override
  void connect() {
    namespaces = NamespacesGrpc.newBlockingStub(wire.bare());
  }

  private void create(String name, Map<String, String> labels) {
    namespaces.create(
        CreateNamespaceRequest.newBuilder()
            .setNamespace(Namespace.newBuilder().setName(name).putAllLabels(labels))
            .build());
  }

  private Map<String, String> update(String name, Map<String, String> labels, String... mask) {
    return namespaces
        .update(
            UpdateNamespaceRequest.newBuilder()
                .setNamespace(Namespace.newBuilder().setName(name).putAllLabels(labels))
                .setUpdateMask(FieldMask.newBuilder().addAllPaths(List.of(mask)))
                .build())
        .getNamespace()
        .getLabelsMap();
  }

  private Map<String, String> labels(String name) {
    return namespaces
        .get(GetNamespaceRequest.newBuilder().setName(name).build())
        .getNamespace()
        .getLabelsMap();
  }

  @Test
  void labelsAreReplacedOrChangedOneByOne() {
    create("space", Map.of("a", "1", "b", "2", "empty", ""));
    assertEquals(Map.of("a", "1", "b", "2"), labels("space"));
    assertEquals(Map.of("b", "2"), update("space", Map.of("a", ""), "labels.a"));
    assertEquals(
        Map.of("b", "2", "x.y/z", "3"),
        update("space", Map.of("x.y/z", "3", "b", "9"), "labels.x.y/z"));
    assertEquals(Map.of("c", "4"), update("space", Map.of("c", "4")));
    refused(Code.INVALID_ARGUMENT, () -> update("space", Map.of(), "labels"));
    refused(Code.INVALID_ARGUMENT, () -> update("space", Map.of(), "name"));
  }

  /** Clients ask for a namespace's defaults before they first write into it. */
  @Test
  void namespaceThatIsNotThereHasNoLabels() {
    assertEquals(Map.of(), labels("fresh"));
    refused(Code.INVALID_ARGUMENT, () -> labels("a/b"));
    refused(Code.INVALID_ARGUMENT, () -> labels(""));
  }

  @Test
  void filledNamespaceStaysAndSaysWhy() {
    wire.stores().sandboxes().create(Records.sandbox("s"));
    wire.stores().leases().create("l", Map.of());
    refused(
        Code.FAILED_PRECONDITION,
        "namespace \"testing\" must be empty, but it still has sandboxes",
        () -> delete("testing"));
    wire.stores().sandboxes().delete("s");
    delete("testing");
    refused(Code.NOT_FOUND, "namespace \"testing\": not found", () -> delete("testing"));
  }

  private void delete(String name) {
    namespaces.delete(DeleteNamespaceRequest.newBuilder().setName(name).build());
  }

  @Test
  void changesAreEventsOfTheNamespaceItself() {
    create("space", Map.of("a", "1"));
    refused(
        Code.ALREADY_EXISTS,
        "namespace \"space\": already exists",
        () -> create("space", Map.of()));
    update("space", Map.of("a", "2"), "labels.a");
    delete("space");
    assertEquals(
        List.of(
            new Event.NamespaceCreated("space", Map.of("a", "1")),
            new Event.NamespaceUpdated("space", Map.of("a", "2")),
            new Event.NamespaceDeleted("space")),
        wire.published());
  }

  @Test
  void listIsFiltered() {
    create("one", Map.of("a", "1"));
    create("two", Map.of());
    assertEquals(
        List.of("one"),
        namespaces
            .list(ListNamespacesRequest.newBuilder().setFilter("labels.a==1").build())
            .getNamespacesList()
            .stream()
            .map(Namespace::getName)
            .toList());
  }

  @Test
  void headerIsRequiredCheckedAndTheFirstCounts() {
    refused(Code.FAILED_PRECONDITION, "namespace is required", () -> images(wire.bare()));
    refused(Code.INVALID_ARGUMENT, () -> images(wire.in("a b")));
    refused(Code.INVALID_ARGUMENT, () -> images(wire.in("x".repeat(77))));
    images(wire.repeating("one", "a b"));
    refused(Code.INVALID_ARGUMENT, () -> images(wire.repeating("a b", "one")));
  }

  private static void images(io.grpc.Channel channel) {
    ImagesGrpc.newBlockingStub(channel).list(ListImagesRequest.getDefaultInstance());
  }
}
