package dev.carafe.services;

import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import com.google.protobuf.UnsafeByteOperations;
import dev.carafe.api.services.content.v1.AbortRequest;
import dev.carafe.api.services.content.v1.ContentGrpc;
import dev.carafe.api.services.content.v1.DeleteContentRequest;
import dev.carafe.api.services.content.v1.Info;
import dev.carafe.api.services.content.v1.InfoRequest;
import dev.carafe.api.services.content.v1.InfoResponse;
import dev.carafe.api.services.content.v1.ListContentRequest;
import dev.carafe.api.services.content.v1.ListContentResponse;
import dev.carafe.api.services.content.v1.ListStatusesRequest;
import dev.carafe.api.services.content.v1.ListStatusesResponse;
import dev.carafe.api.services.content.v1.ReadContentRequest;
import dev.carafe.api.services.content.v1.ReadContentResponse;
import dev.carafe.api.services.content.v1.Status;
import dev.carafe.api.services.content.v1.StatusRequest;
import dev.carafe.api.services.content.v1.StatusResponse;
import dev.carafe.api.services.content.v1.UpdateRequest;
import dev.carafe.api.services.content.v1.UpdateResponse;
import dev.carafe.api.services.content.v1.WriteContentRequest;
import dev.carafe.api.services.content.v1.WriteContentResponse;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.spi.content.BlobInfo;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestStatus;
import dev.carafe.spi.errors.OutOfRangeException;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Blobs and ingests. Writing is in {@link ContentWriteCall}. */
final class ContentService extends ContentGrpc.ContentImplBase {
  private static final int CHUNK = 1 << 18;

  /** Bytes of an answer that may wait for the client, so that reading and sending overlap. */
  private static final int READ_AHEAD = 1 << 20;

  private static final int BATCH = 100;

  private final Metadata metadata;

  ContentService(Metadata metadata) {
    this.metadata = metadata;
  }

  @Override
  public void info(InfoRequest request, StreamObserver<InfoResponse> observer) {
    Calls.unary(
        observer,
        () ->
            InfoResponse.newBuilder()
                .setInfo(proto(content().info(Digest.parse(request.getDigest()))))
                .build());
  }

  @Override
  public void update(UpdateRequest request, StreamObserver<UpdateResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          BlobInfo updated =
              content()
                  .updateLabels(
                      Digest.parse(request.getInfo().getDigest()),
                      old ->
                          FieldMasks.labels(
                              "content info \"" + request.getInfo().getDigest() + "\"",
                              request.getUpdateMask().getPathsList(),
                              old,
                              request.getInfo().getLabelsMap()));
          return UpdateResponse.newBuilder().setInfo(proto(updated)).build();
        });
  }

  @Override
  public void list(ListContentRequest request, StreamObserver<ListContentResponse> observer) {
    Calls.stream(
        observer,
        sink -> {
          Predicate<Filters.Fields> filter = Filters.parse(request.getFiltersList());
          List<Info> matching = new ArrayList<>();
          content()
              .forEachBlob(blob -> {
                if (filter.test(fields(blob))) {
                  matching.add(proto(blob));
                }
              });
          for (int from = 0; from < matching.size(); from += BATCH) {
            int to = Math.min(from + BATCH, matching.size());
            sink.send(
                ListContentResponse.newBuilder().addAllInfo(matching.subList(from, to)).build());
          }
        });
  }

  private static Filters.Fields fields(BlobInfo blob) {
    return Filters.withLabels(
        blob.labels(),
        path ->
            switch (String.join(".", path)) {
              case "digest" -> blob.digest().toString();
              case "size" -> Long.toString(blob.size());
              default -> null;
            });
  }

  @Override
  public void delete(DeleteContentRequest request, StreamObserver<Empty> observer) {
    Calls.unary(
        observer,
        () -> {
          content().delete(Digest.parse(request.getDigest()));
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void read(ReadContentRequest request, StreamObserver<ReadContentResponse> observer) {
    Calls.stream(
        observer,
        READ_AHEAD,
        sink -> {
          try (BlobReader blob = content().open(Digest.parse(request.getDigest()))) {
            read(request, blob, sink);
          }
        });
  }

  private static void read(
      ReadContentRequest request, BlobReader blob, Calls.Sink<ReadContentResponse> sink)
      throws InterruptedException {
    long offset = Math.max(0, request.getOffset());
    if (offset > blob.size()) {
      throw new OutOfRangeException("read past object length " + blob.size() + " bytes");
    }
    long rest = blob.size() - offset;
    long size = request.getSize() <= 0 ? rest : Math.min(request.getSize(), rest);
    long end = offset + size;
    while (offset < end) {
      ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK, end - offset));
      while (chunk.hasRemaining()) {
        if (blob.read(chunk, offset + chunk.position()) < 0) {
          throw new OutOfRangeException(
              "blob %s ends at %d of %d"
                  .formatted(request.getDigest(), offset + chunk.position(), end));
        }
      }
      ByteString data = UnsafeByteOperations.unsafeWrap(chunk.flip());
      sink.send(ReadContentResponse.newBuilder().setOffset(offset).setData(data).build());
      offset += data.size();
    }
  }

  @Override
  public void status(StatusRequest request, StreamObserver<StatusResponse> observer) {
    Calls.unary(
        observer,
        () ->
            StatusResponse.newBuilder()
                .setStatus(proto(content().status(request.getRef())))
                .build());
  }

  @Override
  public void listStatuses(
      ListStatusesRequest request, StreamObserver<ListStatusesResponse> observer) {
    Calls.unary(
        observer,
        () -> {
          Predicate<Filters.Fields> filter = Filters.parse(request.getFiltersList());
          ListStatusesResponse.Builder response = ListStatusesResponse.newBuilder();
          for (IngestStatus status : content().ingests()) {
            if (filter.test(path -> path.equals(List.of("ref")) ? status.ref() : null)) {
              response.addStatuses(proto(status));
            }
          }
          return response.build();
        });
  }

  @Override
  public StreamObserver<WriteContentRequest> write(StreamObserver<WriteContentResponse> observer) {
    return new ContentWriteCall(this::content, observer);
  }

  @Override
  public void abort(AbortRequest request, StreamObserver<Empty> observer) {
    Calls.unary(
        observer,
        () -> {
          content().abort(request.getRef());
          return Empty.getDefaultInstance();
        });
  }

  private ContentStore content() {
    return Calls.stores(metadata).content();
  }

  private static Info proto(BlobInfo blob) {
    return Info.newBuilder()
        .setDigest(blob.digest().toString())
        .setSize(blob.size())
        .setCreatedAt(Protos.timestamp(blob.createdAt()))
        .setUpdatedAt(Protos.timestamp(blob.updatedAt()))
        .putAllLabels(blob.labels())
        .build();
  }

  private static Status proto(IngestStatus status) {
    return Status.newBuilder()
        .setRef(status.ref())
        .setOffset(status.offset())
        .setTotal(status.total())
        .setExpected(status.expected() == null ? "" : status.expected().toString())
        .setStartedAt(Protos.timestamp(status.startedAt()))
        .setUpdatedAt(Protos.timestamp(status.updatedAt()))
        .build();
  }
}
