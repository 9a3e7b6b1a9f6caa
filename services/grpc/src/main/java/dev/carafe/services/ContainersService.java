package dev.carafe.services;

import com.google.protobuf.Any;
import com.google.protobuf.Empty;
import dev.carafe.api.services.containers.v1.ContainersGrpc;
import dev.carafe.api.services.containers.v1.CreateContainerRequest;
import dev.carafe.api.services.containers.v1.CreateContainerResponse;
import dev.carafe.api.services.containers.v1.DeleteContainerRequest;
import dev.carafe.api.services.containers.v1.GetContainerRequest;
import dev.carafe.api.services.containers.v1.GetContainerResponse;
import dev.carafe.api.services.containers.v1.ListContainerMessage;
import dev.carafe.api.services.containers.v1.ListContainersRequest;
import dev.carafe.api.services.containers.v1.ListContainersResponse;
import dev.carafe.api.services.containers.v1.UpdateContainerRequest;
import dev.carafe.api.services.containers.v1.UpdateContainerResponse;
import dev.carafe.engine.stores.Container;
import dev.carafe.engine.stores.ContainerStore;
import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.TypedValue;
import dev.carafe.spi.errors.InvalidArgumentException;
import io.grpc.stub.StreamObserver;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Containers: what exists, as opposed to tasks, which run. */
final class ContainersService extends ContainersGrpc.ContainersImplBase {
  private final Metadata metadata;

  ContainersService(Metadata metadata) {
    this.metadata = metadata;
  }

  @Override
  public void get(GetContainerRequest request, StreamObserver<GetContainerResponse> observer) {
    Calls.unary(
        observer,
        () ->
            GetContainerResponse.newBuilder()
                .setContainer(proto(containers().get(request.getId())))
                .build());
  }

  @Override
  public void list(ListContainersRequest request, StreamObserver<ListContainersResponse> observer) {
    Calls.unary(
        observer,
        () -> ListContainersResponse.newBuilder().addAllContainers(matching(request)).build());
  }

  @Override
  public void listStream(
      ListContainersRequest request, StreamObserver<ListContainerMessage> observer) {
    Calls.stream(
        observer,
        sink -> {
          for (dev.carafe.api.services.containers.v1.Container container : matching(request)) {
            sink.send(ListContainerMessage.newBuilder().setContainer(container).build());
          }
        });
  }

  private List<dev.carafe.api.services.containers.v1.Container> matching(
      ListContainersRequest request) {
    Predicate<Filters.Fields> filter = Filters.parse(request.getFiltersList());
    return containers().list().stream()
        .filter(container -> filter.test(fields(container)))
        .map(ContainersService::proto)
        .toList();
  }

  private static Filters.Fields fields(Container container) {
    return Filters.withLabels(
        container.labels(),
        path ->
            switch (String.join(".", path)) {
              case "id" -> container.id();
              case "runtime.name" -> container.runtime().name();
              case "image" -> Filters.present(container.image());
              default -> null;
            });
  }

  @Override
  public void create(
      CreateContainerRequest request, StreamObserver<CreateContainerResponse> observer) {
    Calls.unary(
        observer,
        () ->
            CreateContainerResponse.newBuilder()
                .setContainer(proto(containers().create(record(request.getContainer()))))
                .build());
  }

  @Override
  public void update(
      UpdateContainerRequest request, StreamObserver<UpdateContainerResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          if (request.getContainer().getId().isEmpty()) {
            throw new InvalidArgumentException("container id must not be empty");
          }
          Container updated =
              containers().update(request.getContainer().getId(), old -> updated(old, request));
          return UpdateContainerResponse.newBuilder().setContainer(proto(updated)).build();
        });
  }

  private static Container updated(Container old, UpdateContainerRequest request) {
    Container update = record(request.getContainer());
    List<String> mask = request.getUpdateMask().getPathsList();
    if (mask.isEmpty()) {
      if (!update.snapshotter().equals(old.snapshotter())) {
        throw new InvalidArgumentException("container.Snapshotter field is immutable");
      }
      if (!update.runtime().name().equals(old.runtime().name())) {
        throw new InvalidArgumentException("container.Runtime.Name field is immutable");
      }
      return with(
          old,
          update.labels(),
          update.image(),
          update.spec(),
          update.snapshotKey(),
          update.extensions());
    }
    Map<String, String> labels = new HashMap<>(old.labels());
    Map<String, TypedValue> extensions = new HashMap<>(old.extensions());
    String image = old.image();
    TypedValue spec = old.spec();
    String snapshotKey = old.snapshotKey();
    for (String path : mask) {
      switch (path) {
        case "image" -> image = update.image();
        case "spec" -> spec = update.spec();
        case "snapshotkey" -> snapshotKey = update.snapshotKey();
        default -> {
          if (!FieldMasks.applyMap("labels", path, labels, request.getContainer().getLabelsMap())
              && !FieldMasks.applyMap("extensions", path, extensions, update.extensions())) {
            throw new InvalidArgumentException(
                "cannot update \"" + path + "\" field on \"" + old.id() + "\"");
          }
        }
      }
    }
    return with(old, Labels.checked(labels), image, spec, snapshotKey, extensions);
  }

  private static Container with(
      Container old,
      Map<String, String> labels,
      String image,
      @Nullable TypedValue spec,
      String snapshotKey,
      Map<String, TypedValue> extensions) {
    return new Container(
        old.id(),
        labels,
        image,
        old.runtime(),
        spec,
        old.snapshotter(),
        snapshotKey,
        extensions,
        old.sandboxId(),
        old.createdAt(),
        old.updatedAt());
  }

  @Override
  public void delete(DeleteContainerRequest request, StreamObserver<Empty> observer) {
    Calls.unary(
        observer,
        () -> {
          containers().delete(request.getId());
          return Empty.getDefaultInstance();
        });
  }

  private ContainerStore containers() {
    return Calls.stores(metadata).containers();
  }

  private static Container record(dev.carafe.api.services.containers.v1.Container container) {
    Map<String, TypedValue> extensions = new HashMap<>();
    container
        .getExtensionsMap()
        .forEach((key, any) ->
            extensions.put(key, new TypedValue(any.getTypeUrl(), any.getValue().toByteArray())));
    return new Container(
        container.getId(),
        Labels.checked(container.getLabelsMap()),
        container.getImage(),
        new Container.Runtime(
            container.getRuntime().getName(),
            Anys.typed(container.getRuntime().hasOptions(), container.getRuntime().getOptions())),
        Anys.typed(container.hasSpec(), container.getSpec()),
        container.getSnapshotter(),
        container.getSnapshotKey(),
        extensions,
        container.getSandbox(),
        Instant.EPOCH,
        Instant.EPOCH);
  }

  static dev.carafe.api.services.containers.v1.Container proto(Container container) {
    var runtime =
        dev.carafe.api.services.containers.v1.Container.Runtime.newBuilder()
            .setName(container.runtime().name());
    if (container.runtime().options() != null) {
      runtime.setOptions(Anys.any(container.runtime().options()));
    }
    var builder =
        dev.carafe.api.services.containers.v1.Container.newBuilder()
            .setId(container.id())
            .putAllLabels(container.labels())
            .setImage(container.image())
            .setRuntime(runtime)
            .setSnapshotter(container.snapshotter())
            .setSnapshotKey(container.snapshotKey())
            .setCreatedAt(Protos.timestamp(container.createdAt()))
            .setUpdatedAt(Protos.timestamp(container.updatedAt()))
            .setSandbox(container.sandboxId());
    if (container.spec() != null) {
      builder.setSpec(Anys.any(container.spec()));
    }
    Map<String, Any> extensions = new HashMap<>();
    container.extensions().forEach((key, value) -> extensions.put(key, Anys.any(value)));
    return builder.putAllExtensions(extensions).build();
  }
}
