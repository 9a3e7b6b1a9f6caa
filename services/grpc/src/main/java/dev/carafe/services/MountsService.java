package dev.carafe.services;

import com.google.protobuf.Empty;
import dev.carafe.api.services.mounts.v1.ActivateRequest;
import dev.carafe.api.services.mounts.v1.ActivateResponse;
import dev.carafe.api.services.mounts.v1.DeactivateRequest;
import dev.carafe.api.services.mounts.v1.InfoRequest;
import dev.carafe.api.services.mounts.v1.InfoResponse;
import dev.carafe.api.services.mounts.v1.ListMessage;
import dev.carafe.api.services.mounts.v1.ListRequest;
import dev.carafe.api.services.mounts.v1.MountsGrpc;
import dev.carafe.api.services.mounts.v1.UpdateRequest;
import dev.carafe.api.services.mounts.v1.UpdateResponse;
import dev.carafe.api.types.ActivationInfo;
import dev.carafe.api.types.ActiveMount;
import dev.carafe.engine.mounts.MountManager;
import dev.carafe.engine.stores.Activation;
import dev.carafe.engine.stores.ActivationStore;
import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Metadata;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.function.Predicate;

/** Mounts that the daemon makes for clients. */
final class MountsService extends MountsGrpc.MountsImplBase {
  private final Metadata metadata;
  private final MountManager mounts;

  MountsService(Metadata metadata, MountManager mounts) {
    this.metadata = metadata;
    this.mounts = mounts;
  }

  @Override
  public void activate(ActivateRequest request, StreamObserver<ActivateResponse> observer) {
    Calls.unary(
        observer,
        () ->
            ActivateResponse.newBuilder()
                .setInfo(
                    proto(
                        mounts.activate(
                            Calls.stores(metadata),
                            request.getName(),
                            Protos.fromMounts(request.getMountsList()),
                            Labels.checked(request.getLabelsMap()),
                            request.getTemporary())))
                .build());
  }

  @Override
  public void deactivate(DeactivateRequest request, StreamObserver<Empty> observer) {
    Calls.unary(
        observer,
        () -> {
          mounts.deactivate(Calls.stores(metadata), request.getName());
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void info(InfoRequest request, StreamObserver<InfoResponse> observer) {
    Calls.unary(
        observer,
        () ->
            InfoResponse.newBuilder().setInfo(proto(activations().get(request.getName()))).build());
  }

  /** Only labels can change. */
  @Override
  public void update(UpdateRequest request, StreamObserver<UpdateResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          String name = request.getInfo().getName();
          Activation updated =
              activations()
                  .updateLabels(
                      name,
                      old ->
                          FieldMasks.labels(
                              "mount activation \"" + name + "\"",
                              request.getUpdateMask().getPathsList(),
                              old,
                              request.getInfo().getLabelsMap()));
          return UpdateResponse.newBuilder().setInfo(proto(updated)).build();
        });
  }

  @Override
  public void list(ListRequest request, StreamObserver<ListMessage> observer) {
    Calls.stream(
        observer,
        sink -> {
          Predicate<Filters.Fields> filter = Filters.parse(request.getFiltersList());
          for (Activation activation : activations().list()) {
            if (filter.test(
                Filters.withLabels(
                    activation.labels(),
                    path -> path.equals(List.of("name")) ? activation.name() : null))) {
              sink.send(ListMessage.newBuilder().setInfo(proto(activation)).build());
            }
          }
        });
  }

  private ActivationStore activations() {
    return Calls.stores(metadata).activations();
  }

  private static ActivationInfo proto(Activation activation) {
    ActivationInfo.Builder info =
        ActivationInfo.newBuilder()
            .setName(activation.name())
            .addAllSystem(Protos.mounts(activation.system()))
            .putAllLabels(activation.labels());
    for (Activation.Active active : activation.active()) {
      info.addActive(
          ActiveMount.newBuilder()
              .setMount(Protos.mount(active.mount()))
              .setMountedAt(Protos.timestamp(active.mountedAt()))
              .setMountPoint(active.mountPoint()));
    }
    return info.build();
  }
}
