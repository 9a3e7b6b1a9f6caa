package dev.carafe.services;

import dev.carafe.api.services.diff.v1.ApplyRequest;
import dev.carafe.api.services.diff.v1.ApplyResponse;
import dev.carafe.api.services.diff.v1.DiffGrpc;
import dev.carafe.api.services.diff.v1.DiffRequest;
import dev.carafe.api.services.diff.v1.DiffResponse;
import dev.carafe.engine.pull.LayerApplier;
import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.oci.MediaTypes;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.diffs.AppliedLayer;
import dev.carafe.spi.diffs.Differ;
import dev.carafe.spi.diffs.Whiteouts;
import io.grpc.stub.StreamObserver;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Layers into mounts and differences into layers. */
final class DiffService extends DiffGrpc.DiffImplBase {
  private final Metadata metadata;
  private final LayerApplier applier;
  private final DiffWriter writer;

  DiffService(Metadata metadata, LayerApplier applier, List<Differ> differs) {
    this.metadata = metadata;
    this.applier = applier;
    this.writer = new DiffWriter(differs);
  }

  @Override
  public void apply(ApplyRequest request, StreamObserver<ApplyResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Descriptor layer = Protos.descriptor(request.getDiff());
          AppliedLayer applied;
          try (BlobReader blob = content().open(layer.digest())) {
            applied =
                Calls.caller()
                    .call(() ->
                        applier.apply(
                            layer,
                            blob.stream(0),
                            Protos.fromMounts(request.getMountsList()),
                            Whiteouts.DELETE,
                            request.getSyncFs(),
                            payloads(request)));
          }
          return ApplyResponse.newBuilder()
              .setApplied(
                  Protos.descriptor(
                      new Descriptor(MediaTypes.OCI_LAYER, applied.diffId(), applied.size())))
              .build();
        });
  }

  @Override
  public void diff(DiffRequest request, StreamObserver<DiffResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          String mediaType =
              request.getMediaType().isEmpty()
                  ? MediaTypes.OCI_LAYER + "+gzip"
                  : request.getMediaType();
          var wanted =
              new dev.carafe.spi.diffs.DiffRequest(
                  Protos.fromMounts(request.getLeftList()),
                  Protos.fromMounts(request.getRightList()),
                  mediaType,
                  request.hasSourceDateEpoch()
                      ? Protos.instant(request.getSourceDateEpoch())
                      : null);
          Map<String, String> labels = Labels.checked(request.getLabelsMap());
          Descriptor written =
              Calls.caller()
                  .call(() -> writer.write(content(), wanted, mediaType, request.getRef(), labels));
          return DiffResponse.newBuilder().setDiff(Protos.descriptor(written)).build();
        });
  }

  private static Map<String, byte[]> payloads(ApplyRequest request) {
    Map<String, byte[]> payloads = new HashMap<>();
    request.getPayloadsMap().forEach((id, payload) -> payloads.put(id, payload.toByteArray()));
    return payloads;
  }

  private ContentStore content() {
    return Calls.stores(metadata).content();
  }
}
