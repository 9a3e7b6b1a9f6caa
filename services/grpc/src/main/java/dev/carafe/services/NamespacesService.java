package dev.carafe.services;

import com.google.protobuf.Empty;
import dev.carafe.api.services.namespaces.v1.CreateNamespaceRequest;
import dev.carafe.api.services.namespaces.v1.CreateNamespaceResponse;
import dev.carafe.api.services.namespaces.v1.DeleteNamespaceRequest;
import dev.carafe.api.services.namespaces.v1.GetNamespaceRequest;
import dev.carafe.api.services.namespaces.v1.GetNamespaceResponse;
import dev.carafe.api.services.namespaces.v1.ListNamespacesRequest;
import dev.carafe.api.services.namespaces.v1.ListNamespacesResponse;
import dev.carafe.api.services.namespaces.v1.NamespacesGrpc;
import dev.carafe.api.services.namespaces.v1.UpdateNamespaceRequest;
import dev.carafe.api.services.namespaces.v1.UpdateNamespaceResponse;
import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.NamespaceStore;
import dev.carafe.spi.errors.InvalidArgumentException;
import io.grpc.stub.StreamObserver;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Namespaces. Needs no namespace header. */
final class NamespacesService extends NamespacesGrpc.NamespacesImplBase {
  private final NamespaceStore namespaces;

  NamespacesService(Metadata metadata) {
    this.namespaces = metadata.namespaces();
  }

  @Override
  public void get(GetNamespaceRequest request, StreamObserver<GetNamespaceResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Namespace namespace = new Namespace(request.getName());
          return GetNamespaceResponse.newBuilder()
              .setNamespace(proto(namespace, namespaces.labels(namespace)))
              .build();
        });
  }

  @Override
  public void list(ListNamespacesRequest request, StreamObserver<ListNamespacesResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Predicate<Filters.Fields> filter =
              Filters.parse(
                  request.getFilter().isEmpty() ? List.of() : List.of(request.getFilter()));
          ListNamespacesResponse.Builder response = ListNamespacesResponse.newBuilder();
          for (Namespace namespace : namespaces.list()) {
            Map<String, String> labels = namespaces.labels(namespace);
            if (filter.test(fields(namespace, labels))) {
              response.addNamespaces(proto(namespace, labels));
            }
          }
          return response.build();
        });
  }

  private static Filters.Fields fields(Namespace namespace, Map<String, String> labels) {
    return Filters.withLabels(
        labels, path -> path.equals(List.of("name")) ? namespace.name() : null);
  }

  @Override
  public void create(
      CreateNamespaceRequest request, StreamObserver<CreateNamespaceResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Namespace namespace = new Namespace(request.getNamespace().getName());
          Map<String, String> labels = Labels.checked(request.getNamespace().getLabelsMap());
          namespaces.create(namespace, labels);
          return CreateNamespaceResponse.newBuilder()
              .setNamespace(proto(namespace, labels))
              .build();
        });
  }

  @Override
  public void update(
      UpdateNamespaceRequest request, StreamObserver<UpdateNamespaceResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Namespace namespace = new Namespace(request.getNamespace().getName());
          Map<String, String> labels =
              namespaces.updateLabels(namespace, old -> updated(request, old));
          return UpdateNamespaceResponse.newBuilder()
              .setNamespace(proto(namespace, labels))
              .build();
        });
  }

  /** With a mask only single labels; without one they are all replaced. */
  private static Map<String, String> updated(
      UpdateNamespaceRequest request, Map<String, String> old) {
    Map<String, String> update = request.getNamespace().getLabelsMap();
    List<String> mask = request.getUpdateMask().getPathsList();
    if (mask.isEmpty()) {
      return Labels.checked(update);
    }
    Map<String, String> next = new HashMap<>(old);
    for (String path : mask) {
      if (!path.startsWith("labels.") || !FieldMasks.applyMap("labels", path, next, update)) {
        throw new InvalidArgumentException("cannot update \"" + path + "\" field on namespace");
      }
    }
    return Labels.checked(next);
  }

  @Override
  public void delete(DeleteNamespaceRequest request, StreamObserver<Empty> observer) {
    Calls.unary(
        observer,
        () -> {
          namespaces.delete(new Namespace(request.getName()));
          return Empty.getDefaultInstance();
        });
  }

  private static dev.carafe.api.services.namespaces.v1.Namespace proto(
      Namespace namespace, Map<String, String> labels) {
    return dev.carafe.api.services.namespaces.v1.Namespace.newBuilder()
        .setName(namespace.name())
        .putAllLabels(labels)
        .build();
  }
}
