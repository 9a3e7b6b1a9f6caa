package dev.carafe.integration;

import com.google.protobuf.FieldMask;
import dev.carafe.api.services.content.v1.AbortRequest;
import dev.carafe.api.services.content.v1.ContentGrpc;
import dev.carafe.api.services.content.v1.DeleteContentRequest;
import dev.carafe.api.services.content.v1.Info;
import dev.carafe.api.services.content.v1.InfoRequest;
import dev.carafe.api.services.content.v1.ListContentRequest;
import dev.carafe.api.services.content.v1.ListStatusesRequest;
import dev.carafe.api.services.content.v1.ReadContentRequest;
import dev.carafe.api.services.content.v1.StatusRequest;
import dev.carafe.api.services.content.v1.UpdateRequest;
import dev.carafe.api.services.content.v1.WriteContentRequest;
import dev.carafe.api.services.content.v1.WriteContentResponse;
import dev.carafe.api.services.leases.v1.CreateRequest;
import dev.carafe.api.services.leases.v1.LeasesGrpc;
import dev.carafe.api.services.leases.v1.ListResourcesRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Content and ingests. */
final class WireContent {
  private static final String TEXT = "some content";
  private static final String DIGEST = Digests.sha256(TEXT.getBytes(StandardCharsets.UTF_8));
  private static final String ABSENT = Digests.sha256("absent".getBytes(StandardCharsets.UTF_8));

  private final WireScript script;
  private final ContentGrpc.ContentBlockingStub content;

  WireContent(WireScript script) {
    this.script = script;
    content = ContentGrpc.newBlockingStub(script.namespace("content"));
  }

  void run() throws Exception {
    LeasesGrpc.newBlockingStub(script.namespace("content"))
        .create(CreateRequest.newBuilder().setId("keep").build());
    absent();
    failures();
    writing();
    present();
    again();
  }

  private void absent() throws Exception {
    script.call("content: info by bad digest", () -> info("abc"));
    script.call("content: info by no digest", () -> info(""));
    script.call("content: info absent", () -> info(ABSENT));
    script.call("content: delete absent", () -> delete(ABSENT));
    script.call("content: delete by bad digest", () -> delete("abc"));
    script.call("content: read absent", () -> read(ABSENT, 0, 0));
    script.call("content: read by bad digest", () -> read("abc", 0, 0));
    script.call("content: update absent", () -> update(ABSENT, Map.of()));
    script.call("content: update by bad digest", () -> update("abc", Map.of()));
    script.call("content: status absent", () -> status("absent"));
    script.call("content: status unnamed", () -> status(""));
    script.call("content: abort absent", () -> abort("absent"));
    script.call("content: abort unnamed", () -> abort(""));
    script.call(
        "content: list by bad filter",
        () -> drain(content.list(ListContentRequest.newBuilder().addFilters("a==").build())));
    script.call(
        "content: list statuses by bad filter",
        () -> content.listStatuses(ListStatusesRequest.newBuilder().addFilters("a==").build()));
  }

  private void failures() throws Exception {
    script.call("write: without ref", () -> with(stream -> stream.stat("", 0, "")));
    script.call("write: bad expected", () -> with(stream -> stream.stat("r", 0, "abc")));
    script.call(
        "write: odd action",
        () ->
            with(stream ->
                stream.ask(
                    WriteContentRequest.newBuilder().setActionValue(9).setRef("odd").build())));
    script.call(
        "write: beyond the end",
        () ->
            with(stream -> {
              stream.stat("gap", 0, "");
              return stream.write("gap", 5, "x");
            }));
    script.call(
        "write: ref in use",
        () -> {
          try (ContentStream first = new ContentStream(script.namespace("content"))) {
            first.stat("locked", 0, "");
            return with(stream -> stream.stat("locked", 0, ""));
          }
        });
    script.call(
        "write: other total",
        () -> {
          with(stream -> stream.stat("total", 10, ""));
          return with(stream -> stream.stat("total", 11, ""));
        });
    script.call(
        "commit: wrong size",
        () ->
            with(stream -> {
              stream.write("size", 0, TEXT);
              return stream.commit(12, 99, "");
            }));
    script.call(
        "commit: wrong digest",
        () ->
            with(stream -> {
              stream.write("digest", 0, TEXT);
              return stream.commit(12, 0, ABSENT);
            }));
    script.call(
        "commit: nothing",
        () ->
            with(stream -> {
              stream.stat("nothing", 0, "");
              return stream.commit(0, 5, "");
            }));
    script.call(
        "commit: from the start",
        () ->
            with(stream -> {
              stream.write("start", 0, TEXT);
              return stream.commit(0, 12, "");
            }));
    script.call(
        "commit: at another offset",
        () ->
            with(stream -> {
              stream.write("offset", 0, TEXT);
              return stream.commit(5, 12, "");
            }));
    for (String ref :
        List.of("gap", "locked", "total", "size", "digest", "nothing", "odd", "start", "offset")) {
      script.call("status afterwards: " + ref, () -> status(ref));
      script.call("abort afterwards: " + ref, () -> abort(ref));
    }
  }

  private void writing() throws Exception {
    script.call("write: stat", () -> with(stream -> stream.stat("r", 12, "")));
    script.call("write: half", () -> with(stream -> stream.write("r", 0, TEXT.substring(0, 5))));
    script.call("write: status", () -> status("r"));
    script.call("write: resume", () -> with(stream -> stream.stat("r", 12, "")));
    script.call("write: start over", () -> with(stream -> stream.write("r", 0, "so")));
    script.call("write: go on", () -> with(stream -> stream.write("r", 2, "me")));
    script.call(
        "write: list statuses",
        () ->
            content
                    .listStatuses(ListStatusesRequest.newBuilder().addFilters("ref==r").build())
                    .getStatusesCount()
                + "");
    script.call(
        "write: commit with data",
        () ->
            with(stream -> {
              stream.stat("r", 12, "");
              return stream.ask(
                  WriteContentRequest.newBuilder()
                      .setActionValue(2)
                      .setOffset(4)
                      .setTotal(12)
                      .setExpected(DIGEST)
                      .setData(com.google.protobuf.ByteString.copyFromUtf8(TEXT.substring(4)))
                      .putLabels("a", "1")
                      .build());
            }));
    script.call("write: status after commit", () -> status("r"));
  }

  private void present() throws Exception {
    script.call("content: info", () -> info(DIGEST));
    script.call("content: read", () -> read(DIGEST, 0, 0));
    script.call("content: read part", () -> read(DIGEST, 5, 3));
    script.call("content: read from before", () -> read(DIGEST, -5, 3));
    script.call("content: read at end", () -> read(DIGEST, 12, 0));
    script.call("content: read behind the end", () -> read(DIGEST, 13, 0));
    script.call("content: read over the end", () -> read(DIGEST, 5, 300));
    script.call("content: update by bad mask", () -> update(DIGEST, Map.of(), "size"));
    script.call("content: update by mask", () -> update(DIGEST, Map.of("b", "2"), "labels.b"));
    script.call("content: update all", () -> update(DIGEST, Map.of("c", "3", "e", "")));
    script.call("content: update labels", () -> update(DIGEST, Map.of("d", "4"), "labels"));
    for (String filter :
        List.of("digest==" + DIGEST, "size==12", "labels.d==4", "digest~=^sha256:", "other==1")) {
      script.call("content: list " + filter, () -> list(filter));
    }
  }

  private void again() throws Exception {
    script.call("write: known", () -> with(stream -> stream.stat("again", 12, DIGEST)));
    script.call(
        "write: known later",
        () ->
            with(stream -> {
              stream.write("later", 0, "some");
              return stream.ask(
                  WriteContentRequest.newBuilder()
                      .setActionValue(1)
                      .setOffset(4)
                      .setExpected(DIGEST)
                      .setData(com.google.protobuf.ByteString.copyFromUtf8("x"))
                      .build());
            }));
    script.call("write: status of known later", () -> status("later"));
    script.call(
        "commit: known",
        () ->
            with(stream -> {
              stream.write("known", 0, TEXT);
              return stream.commit(12, 12, "");
            }));
    script.call("write: status of known", () -> status("known"));
    script.call(
        "write: known under lease",
        () -> {
          LeasesGrpc.LeasesBlockingStub leases =
              LeasesGrpc.newBlockingStub(script.namespace("content"));
          leases.create(CreateRequest.newBuilder().setId("holds").build());
          try {
            with("holds", stream -> stream.stat("held", 12, DIGEST));
          } catch (io.grpc.StatusRuntimeException e) {
            // Known; what counts is the lease.
          }
          return leases
              .listResources(ListResourcesRequest.newBuilder().setId("holds").build())
              .getResourcesList()
              .stream()
              .map(resource -> resource.getType() + " " + resource.getId())
              .collect(Collectors.joining(","));
        });
    script.call(
        "write: shared from another namespace",
        () -> {
          try (ContentStream stream = new ContentStream(script.namespace("other"))) {
            WriteContentResponse open = stream.stat("shared", 12, DIGEST);
            stream.ask(
                WriteContentRequest.newBuilder()
                    .setActionValue(2)
                    .setOffset(open.getOffset())
                    .setTotal(12)
                    .setExpected(DIGEST)
                    .build());
            return open.getOffset() + "";
          }
        });
    script.call("content: delete", () -> delete(DIGEST));
    script.call("content: info of deleted", () -> info(DIGEST));
  }

  private interface Use {
    WriteContentResponse of(ContentStream stream);
  }

  private String with(Use use) {
    return with("keep", use);
  }

  private String with(String lease, Use use) {
    try (ContentStream stream = new ContentStream(script.lease("content", lease))) {
      WriteContentResponse answer = use.of(stream);
      return answer.getAction()
          + " "
          + answer.getOffset()
          + "/"
          + answer.getTotal()
          + " "
          + answer.getDigest();
    }
  }

  private String info(String digest) {
    Info info = content.info(InfoRequest.newBuilder().setDigest(digest).build()).getInfo();
    return info.getSize() + " " + new TreeMap<>(info.getLabelsMap());
  }

  private Object delete(String digest) {
    return content.delete(DeleteContentRequest.newBuilder().setDigest(digest).build());
  }

  private String read(String digest, long offset, long size) {
    StringBuilder text = new StringBuilder();
    content
        .read(
            ReadContentRequest.newBuilder()
                .setDigest(digest)
                .setOffset(offset)
                .setSize(size)
                .build())
        .forEachRemaining(
            part -> text.append(part.getOffset()).append(part.getData().toStringUtf8()));
    return text.toString();
  }

  private String update(String digest, Map<String, String> labels, String... mask) {
    UpdateRequest.Builder request =
        UpdateRequest.newBuilder()
            .setInfo(Info.newBuilder().setDigest(digest).putAllLabels(labels));
    if (mask.length > 0) {
      request.setUpdateMask(FieldMask.newBuilder().addAllPaths(List.of(mask)));
    }
    return new TreeMap<>(content.update(request.build()).getInfo().getLabelsMap()).toString();
  }

  private String status(String ref) {
    var status = content.status(StatusRequest.newBuilder().setRef(ref).build()).getStatus();
    return status.getRef() + " " + status.getOffset() + "/" + status.getTotal();
  }

  private Object abort(String ref) {
    return content.abort(AbortRequest.newBuilder().setRef(ref).build());
  }

  private String list(String filter) {
    List<String> digests = new ArrayList<>();
    content
        .list(ListContentRequest.newBuilder().addFilters(filter).build())
        .forEachRemaining(
            part -> part.getInfoList().forEach(info -> digests.add(info.getDigest())));
    return String.join(",", digests);
  }

  private static String drain(java.util.Iterator<?> answers) {
    int count = 0;
    while (answers.hasNext()) {
      answers.next();
      count++;
    }
    return count + "";
  }
}
