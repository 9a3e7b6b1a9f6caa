package dev.carafe.ctr;

import com.google.protobuf.ByteString;
import dev.carafe.api.services.content.v1.DeleteContentRequest;
import dev.carafe.api.services.content.v1.Info;
import dev.carafe.api.services.content.v1.ListContentRequest;
import dev.carafe.api.services.content.v1.ListContentResponse;
import dev.carafe.api.services.content.v1.ListStatusesRequest;
import dev.carafe.api.services.content.v1.ReadContentRequest;
import dev.carafe.api.services.content.v1.ReadContentResponse;
import dev.carafe.api.services.content.v1.Status;
import dev.carafe.api.services.content.v1.UpdateRequest;
import dev.carafe.api.services.content.v1.WriteAction;
import dev.carafe.api.services.content.v1.WriteContentRequest;
import dev.carafe.api.services.content.v1.WriteContentResponse;
import dev.carafe.ctr.grpc.Call;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Blobs. */
final class ContentCommands {
  private static final int CHUNK = 1 << 20;

  private final Session session;
  private final Arguments arguments;

  ContentCommands(Session session) {
    this.session = session;
    this.arguments = session.arguments();
  }

  int list() {
    List<Info> blobs = new ArrayList<>();
    ListContentRequest request =
        ListContentRequest.newBuilder().addAllFilters(arguments.operands()).build();
    try (Call<ListContentRequest, ListContentResponse> call =
        session.channel().stream(Api.Content.LIST, request)) {
      for (ListContentResponse part = call.receive(); part != null; part = call.receive()) {
        blobs.addAll(part.getInfoList());
      }
    }
    Table table = new Table("DIGEST", "SIZE", "CREATED", "LABELS");
    for (Info blob : blobs) {
      table.row(
          Text.object(
              "digest", blob.getDigest(),
              "size", blob.getSize(),
              "created_at", Text.time(blob.getCreatedAt()),
              "updated_at", Text.time(blob.getUpdatedAt()),
              "labels", blob.getLabelsMap()),
          blob.getDigest(),
          Text.size(blob.getSize()),
          Text.time(blob.getCreatedAt()),
          Text.labels(blob.getLabelsMap()));
    }
    table.print(session);
    return 0;
  }

  int get() throws IOException {
    ReadContentRequest request =
        ReadContentRequest.newBuilder().setDigest(arguments.operand(0)).build();
    try (Call<ReadContentRequest, ReadContentResponse> call =
        session.channel().stream(Api.Content.READ, request)) {
      for (ReadContentResponse part = call.receive(); part != null; part = call.receive()) {
        part.getData().writeTo(session.out());
      }
    }
    return 0;
  }

  /** A whole blob of at most {@code limit} bytes. */
  static byte[] read(Session session, String digest, int limit) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ReadContentRequest request = ReadContentRequest.newBuilder().setDigest(digest).build();
    try (Call<ReadContentRequest, ReadContentResponse> call =
        session.channel().stream(Api.Content.READ, request)) {
      for (ReadContentResponse part = call.receive(); part != null; part = call.receive()) {
        bytes.writeBytes(part.getData().toByteArray());
        if (bytes.size() > limit) {
          throw new UsageException("blob " + digest + " is larger than " + limit + " bytes");
        }
      }
    }
    return bytes.toByteArray();
  }

  /** Sets labels of a blob beside those that it has. */
  static Map<String, String> label(Session session, String digest, Map<String, String> labels) {
    UpdateRequest.Builder request =
        UpdateRequest.newBuilder()
            .setInfo(Info.newBuilder().setDigest(digest).putAllLabels(labels));
    labels.keySet().forEach(name -> request.getUpdateMaskBuilder().addPaths("labels." + name));
    return session.channel().unary(Api.Content.UPDATE, request.build()).getInfo().getLabelsMap();
  }

  int ingest() throws IOException {
    String ref = arguments.operand(0);
    try (Call<WriteContentRequest, WriteContentResponse> call =
        session.channel().open(Api.Content.WRITE)) {
      WriteContentRequest.Builder first =
          WriteContentRequest.newBuilder()
              .setAction(WriteAction.STAT)
              .setRef(ref)
              .setExpected(arguments.value("expected-digest", ""))
              .setTotal(arguments.number("expected-size", 0));
      exchange(call, first.build());
      long offset = 0;
      InputStream in = session.streams().in();
      for (byte[] chunk = in.readNBytes(CHUNK); chunk.length > 0; chunk = in.readNBytes(CHUNK)) {
        exchange(
            call,
            WriteContentRequest.newBuilder()
                .setAction(WriteAction.WRITE)
                .setOffset(offset)
                .setData(ByteString.copyFrom(chunk))
                .build());
        offset += chunk.length;
      }
      WriteContentResponse done =
          exchange(
              call,
              WriteContentRequest.newBuilder()
                  .setAction(WriteAction.COMMIT)
                  .setOffset(offset)
                  .build());
      call.halfClose();
      if (done != null) {
        session.out().println(done.getDigest());
      }
    }
    return 0;
  }

  private static @Nullable WriteContentResponse exchange(
      Call<WriteContentRequest, WriteContentResponse> call, WriteContentRequest request) {
    call.send(request);
    return call.receive();
  }

  int active() {
    List<Status> ingests =
        session
            .channel()
            .unary(Api.Content.STATUSES, ListStatusesRequest.getDefaultInstance())
            .getStatusesList();
    Table table = new Table("REF", "SIZE", "TOTAL", "STARTED");
    for (Status ingest : ingests) {
      table.row(
          Text.object(
              "ref", ingest.getRef(),
              "offset", ingest.getOffset(),
              "total", ingest.getTotal(),
              "expected", ingest.getExpected(),
              "started_at", Text.time(ingest.getStartedAt()),
              "updated_at", Text.time(ingest.getUpdatedAt())),
          ingest.getRef(),
          Text.size(ingest.getOffset()),
          ingest.getTotal() == 0 ? "" : Text.size(ingest.getTotal()),
          Text.time(ingest.getStartedAt()));
    }
    table.print(session);
    return 0;
  }

  int remove() {
    for (String digest : arguments.operands()) {
      session
          .channel()
          .unary(Api.Content.DELETE, DeleteContentRequest.newBuilder().setDigest(digest).build());
    }
    return 0;
  }
}
