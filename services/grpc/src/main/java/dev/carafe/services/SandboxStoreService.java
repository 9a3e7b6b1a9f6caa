package dev.carafe.services;

import dev.carafe.api.services.sandbox.v1.StoreCreateRequest;
import dev.carafe.api.services.sandbox.v1.StoreCreateResponse;
import dev.carafe.api.services.sandbox.v1.StoreDeleteRequest;
import dev.carafe.api.services.sandbox.v1.StoreDeleteResponse;
import dev.carafe.api.services.sandbox.v1.StoreGetRequest;
import dev.carafe.api.services.sandbox.v1.StoreGetResponse;
import dev.carafe.api.services.sandbox.v1.StoreGrpc;
import dev.carafe.api.services.sandbox.v1.StoreListRequest;
import dev.carafe.api.services.sandbox.v1.StoreListResponse;
import dev.carafe.api.services.sandbox.v1.StoreUpdateRequest;
import dev.carafe.api.services.sandbox.v1.StoreUpdateResponse;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.SandboxStore;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.sandboxes.Sandbox;
import io.grpc.stub.StreamObserver;
import java.util.function.Predicate;

/** What clients say of sandboxes; making them is the {@link SandboxControllerService}'s. */
final class SandboxStoreService extends StoreGrpc.StoreImplBase {
  private final Metadata metadata;

  SandboxStoreService(Metadata metadata) {
    this.metadata = metadata;
  }

  @Override
  public void create(StoreCreateRequest request, StreamObserver<StoreCreateResponse> observer) {
    Calls.unary(
        observer,
        () ->
            StoreCreateResponse.newBuilder()
                .setSandbox(
                    SandboxProtos.proto(
                        sandboxes().create(SandboxProtos.record(request.getSandbox()))))
                .build());
  }

  @Override
  public void update(StoreUpdateRequest request, StreamObserver<StoreUpdateResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Sandbox update = SandboxProtos.record(request.getSandbox());
          if (update.id().isEmpty()) {
            throw new InvalidArgumentException("sandbox id must not be empty");
          }
          Sandbox updated =
              sandboxes()
                  .update(
                      update.id(),
                      old -> SandboxProtos.updated(old, update, request.getFieldsList()));
          return StoreUpdateResponse.newBuilder().setSandbox(SandboxProtos.proto(updated)).build();
        });
  }

  @Override
  public void delete(StoreDeleteRequest request, StreamObserver<StoreDeleteResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          sandboxes().delete(request.getSandboxId());
          return StoreDeleteResponse.getDefaultInstance();
        });
  }

  @Override
  public void list(StoreListRequest request, StreamObserver<StoreListResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Predicate<Filters.Fields> filter = Filters.parse(request.getFiltersList());
          StoreListResponse.Builder response = StoreListResponse.newBuilder();
          for (Sandbox sandbox : sandboxes().list()) {
            if (filter.test(fields(sandbox))) {
              response.addList(SandboxProtos.proto(sandbox));
            }
          }
          return response.build();
        });
  }

  private static Filters.Fields fields(Sandbox sandbox) {
    return Filters.withLabels(
        sandbox.labels(),
        path ->
            switch (String.join(".", path)) {
              case "id" -> sandbox.id();
              case "runtime.name" -> Filters.present(sandbox.runtime().name());
              case "sandboxer" -> Filters.present(sandbox.controller());
              default -> null;
            });
  }

  @Override
  public void get(StoreGetRequest request, StreamObserver<StoreGetResponse> observer) {
    Calls.unary(
        observer,
        () ->
            StoreGetResponse.newBuilder()
                .setSandbox(SandboxProtos.proto(sandboxes().get(request.getSandboxId())))
                .build());
  }

  private SandboxStore sandboxes() {
    return Calls.stores(metadata).sandboxes();
  }
}
