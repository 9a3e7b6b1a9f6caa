package dev.carafe.services;

import static dev.carafe.services.Wire.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.FieldMask;
import dev.carafe.api.services.content.v1.AbortRequest;
import dev.carafe.api.services.content.v1.ContentGrpc;
import dev.carafe.api.services.content.v1.ContentGrpc.ContentBlockingStub;
import dev.carafe.api.services.content.v1.DeleteContentRequest;
import dev.carafe.api.services.content.v1.Info;
import dev.carafe.api.services.content.v1.InfoRequest;
import dev.carafe.api.services.content.v1.ListContentRequest;
import dev.carafe.api.services.content.v1.ListStatusesRequest;
import dev.carafe.api.services.content.v1.ReadContentRequest;
import dev.carafe.api.services.content.v1.ReadContentResponse;
import dev.carafe.api.services.content.v1.Status;
import dev.carafe.api.services.content.v1.StatusRequest;
import dev.carafe.api.services.content.v1.UpdateRequest;
import dev.carafe.api.services.content.v1.WriteAction;
import dev.carafe.api.services.content.v1.WriteContentResponse;
import dev.carafe.engine.stores.Lease;
import dev.carafe.spi.events.Event;
import io.grpc.Status.Code;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The numbers are those of the field's description of the write protocol. */
class ContentServiceTest extends ServiceTest {
  private static final String TEXT = "some content";
  private static final String DIGEST = Records.digest(TEXT).toString();

  private ContentBlockingStub content;

  @Override
  void connect() {
    content = ContentGrpc.newBlockingStub(wire.channel());
  }

  private ContentWriter writer(String ref) {
    return new ContentWriter(wire.channel(), ref);
  }

  private void write(String text, Map<String, String> labels) {
    try (ContentWriter writer = writer("writing " + Records.digest(text))) {
      writer.write(0, text);
      writer.commit(text.length(), text.length(), Records.digest(text).toString(), labels);
    }
  }

  private Status status(String ref) {
    return content.status(StatusRequest.newBuilder().setRef(ref).build()).getStatus();
  }

  private Info info(String digest) {
    return content.info(InfoRequest.newBuilder().setDigest(digest).build()).getInfo();
  }

  @Test
  void firstMessageNamesTheIngest() { // 1
    try (ContentWriter writer = writer("")) {
      refused(
          Code.INVALID_ARGUMENT, "first message must have a reference", () -> writer.stat(0, ""));
    }
  }

  @Test
  void ingestHasOneWriter() { // 2
    try (ContentWriter first = writer("r");
        ContentWriter second = writer("r")) {
      first.stat(0, "");
      refused(Code.UNAVAILABLE, "ref r locked", () -> second.stat(0, ""));
    }
    try (ContentWriter third = writer("r")) {
      third.stat(0, "");
    }
  }

  @Test
  void ingestIsResumedWhereItWasLeft() { // 3
    try (ContentWriter writer = writer("r")) {
      writer.stat(12, "");
      writer.write(0, "some ");
    }
    assertEquals(5, status("r").getOffset());
    try (ContentWriter writer = writer("r")) {
      WriteContentResponse open = writer.stat(12, "");
      assertEquals(5, open.getOffset());
      assertEquals(12, open.getTotal());
      assertEquals(Records.digest("some ").toString(), open.getDigest());
      writer.write(5, "content");
      assertEquals(DIGEST, writer.commit(12, 12, DIGEST).getDigest());
    }
    refused(Code.NOT_FOUND, "reference r: not found", () -> status("r"));
  }

  @Test
  void whatIsThereIsNotWrittenAgainButLeased() { // 4
    write(TEXT, Map.of());
    wire.stores().leases().create("l", Map.of());
    try (ContentWriter writer = new ContentWriter(wire.under("l"), "r")) {
      refused(
          Code.ALREADY_EXISTS,
          "content " + DIGEST + ": already exists",
          () -> writer.stat(12, DIGEST));
    }
    try (ContentWriter writer = writer("late")) {
      writer.write(0, "some");
      refused(
          Code.ALREADY_EXISTS,
          "blob with expected digest " + DIGEST + " exists",
          () -> writer.ask(writer.request(WriteAction.STAT).setExpected(DIGEST)));
    }
    refused(Code.NOT_FOUND, () -> status("late"));
    assertEquals(
        List.of(new Lease.Resource("content", DIGEST)), wire.stores().leases().resources("l"));
  }

  @Test
  void blobOfAnotherNamespaceNeedsNoData() { // 5
    write(TEXT, Map.of());
    try (ContentWriter writer = new ContentWriter(wire.in("other"), "r")) {
      assertEquals(12, writer.stat(12, DIGEST).getOffset());
      writer.commit(12, 12, DIGEST);
    }
    InfoRequest request = InfoRequest.newBuilder().setDigest(DIGEST).build();
    assertEquals(
        12, ContentGrpc.newBlockingStub(wire.in("other")).info(request).getInfo().getSize());
  }

  @Test
  void offsetsAreExactAndZeroStartsOver() { // 6
    try (ContentWriter writer = writer("r")) {
      assertEquals(4, writer.write(0, "some").getOffset());
      assertEquals(5, writer.write(4, "x").getOffset());
      assertEquals(2, writer.write(0, "so").getOffset());
      assertEquals(Records.digest("some").toString(), writer.write(2, "me").getDigest());
      refused(
          Code.OUT_OF_RANGE, "write @9 must occur at current offset 4", () -> writer.write(9, "x"));
    }
    try (ContentWriter writer = writer("r")) {
      assertEquals(4, writer.stat(0, "").getOffset());
      assertEquals(0, writer.write(0, "").getOffset());
      refused(Code.FAILED_PRECONDITION, () -> writer.commit(0, 12, ""));
    }
  }

  @Test
  void commitMayCarryTheRestAndTheLabels() { // 7
    try (ContentWriter writer = writer("r")) {
      writer.write(0, "some ");
      writer.ask(
          writer
              .request(WriteAction.COMMIT)
              .setOffset(5)
              .setTotal(12)
              .setData(com.google.protobuf.ByteString.copyFromUtf8("content"))
              .putLabels("a", "1")
              .putLabels("empty", ""));
    }
    assertEquals(Map.of("a", "1"), info(DIGEST).getLabelsMap());
    assertEquals(List.of(new Event.ContentCreated(Records.digest(TEXT), 12)), wire.published());
  }

  @Test
  void commitThatDoesNotCheckOutLeavesTheIngest() { // 7
    try (ContentWriter writer = writer("size")) {
      writer.write(0, TEXT);
      refused(
          Code.FAILED_PRECONDITION,
          "unexpected commit size 12, expected 13",
          () -> writer.commit(12, 13, ""));
    }
    String other = Records.digest("other").toString();
    try (ContentWriter writer = writer("digest")) {
      writer.write(0, TEXT);
      refused(
          Code.FAILED_PRECONDITION,
          "unexpected commit digest " + DIGEST + ", expected " + other,
          () -> writer.commit(12, 12, other));
    }
    assertEquals(12, status("size").getOffset());
    assertEquals(12, status("digest").getOffset());
    assertEquals(List.of(), wire.published());
  }

  @Test
  void commitOfWhatIsThereRemovesTheIngestAndLeases() { // 7
    write(TEXT, Map.of());
    wire.stores().leases().create("l", Map.of());
    try (ContentWriter writer = new ContentWriter(wire.under("l"), "again")) {
      writer.write(0, TEXT);
      refused(
          Code.ALREADY_EXISTS,
          "content " + DIGEST + ": already exists",
          () -> writer.commit(12, 12, ""));
    }
    refused(Code.NOT_FOUND, () -> status("again"));
    assertEquals(
        true,
        wire.stores().leases().resources("l").contains(new Lease.Resource("content", DIGEST)));
  }

  @Test
  void ingestIsAbortedListedAndUnknown() { // 9
    try (ContentWriter writer = writer("r")) {
      writer.write(0, "some");
    }
    assertEquals(
        1,
        content
            .listStatuses(ListStatusesRequest.newBuilder().addFilters("ref==r").build())
            .getStatusesCount());
    content.abort(AbortRequest.newBuilder().setRef("r").build());
    refused(
        Code.NOT_FOUND,
        "reference r: not found",
        () -> content.abort(AbortRequest.newBuilder().setRef("r").build()));
    refused(
        Code.INVALID_ARGUMENT,
        () -> content.listStatuses(ListStatusesRequest.newBuilder().addFilters("ref=").build()));
  }

  private String read(long offset, long size) {
    StringBuilder text = new StringBuilder();
    content
        .read(
            ReadContentRequest.newBuilder()
                .setDigest(DIGEST)
                .setOffset(offset)
                .setSize(size)
                .build())
        .forEachRemaining(part -> text.append(part.getData().toStringUtf8()));
    return text.toString();
  }

  @Test
  void readStaysWithinTheBlob() { // 9
    write(TEXT, Map.of());
    assertEquals(TEXT, read(0, 0));
    assertEquals("con", read(5, 3));
    assertEquals("some", read(-7, 4));
    assertEquals("content", read(5, 1000));
    assertEquals("content", read(5, -1));
    assertEquals("", read(12, 0));
    refused(Code.OUT_OF_RANGE, "read past object length 12 bytes", () -> read(13, 0));
    refused(
        Code.NOT_FOUND,
        "content digest " + Records.digest("x") + ": not found",
        () ->
            content
                .read(
                    ReadContentRequest.newBuilder()
                        .setDigest(Records.digest("x").toString())
                        .build())
                .hasNext());
  }

  @Test
  void largeBlobComesInParts() {
    String text = "0123456789abcdef".repeat(200_000);
    write(text, Map.of());
    List<ReadContentResponse> parts = new ArrayList<>();
    content
        .read(ReadContentRequest.newBuilder().setDigest(Records.digest(text).toString()).build())
        .forEachRemaining(parts::add);
    assertEquals(13, parts.size());
    assertEquals(1 << 18, parts.get(1).getOffset());
    assertEquals(text.length(), parts.stream().mapToInt(part -> part.getData().size()).sum());
  }

  @Test
  void labelsFollowTheMask() {
    write(TEXT, Map.of("a", "1"));
    assertEquals(Map.of("a", "1", "x.y", "2"), update(Map.of("x.y", "2", "z", "3"), "labels.x.y"));
    assertEquals(Map.of("x.y", "2"), update(Map.of("a", ""), "labels.a"));
    assertEquals(Map.of("z", "3"), update(Map.of("z", "3")));
    refused(
        Code.INVALID_ARGUMENT,
        "cannot update \"size\" field on content info \"" + DIGEST + "\"",
        () -> update(Map.of(), "size"));
  }

  private Map<String, String> update(Map<String, String> labels, String... mask) {
    return content
        .update(
            UpdateRequest.newBuilder()
                .setInfo(Info.newBuilder().setDigest(DIGEST).putAllLabels(labels))
                .setUpdateMask(FieldMask.newBuilder().addAllPaths(List.of(mask)))
                .build())
        .getInfo()
        .getLabelsMap();
  }

  @Test
  void deletionIsAnEventAndUnknownDigestsAreNamed() {
    write(TEXT, Map.of());
    wire.published();
    DeleteContentRequest request = DeleteContentRequest.newBuilder().setDigest(DIGEST).build();
    content.delete(request);
    assertEquals(List.of(new Event.ContentDeleted(Records.digest(TEXT))), wire.published());
    String missing = "content digest " + DIGEST + ": not found";
    refused(Code.NOT_FOUND, missing, () -> content.delete(request));
    refused(Code.NOT_FOUND, missing, () -> info(DIGEST));
    refused(Code.NOT_FOUND, missing, () -> update(Map.of()));
    refused(Code.INVALID_ARGUMENT, () -> info("sha256:12"));
    refused(Code.INVALID_ARGUMENT, () -> info(""));
  }

  @Test
  void contentThatNothingHoldsIsCollectedWithAnEvent() {
    write("kept", Map.of("containerd.io/gc.root", "yes"));
    write(TEXT, Map.of());
    wire.published();
    wire.collect();
    assertEquals(List.of(new Event.ContentDeleted(Records.digest(TEXT))), wire.published());
    List<Info> left = new ArrayList<>();
    content
        .list(ListContentRequest.newBuilder().addFilters("digest~=sha256:").build())
        .forEachRemaining(part -> left.addAll(part.getInfoList()));
    assertEquals(1, left.size());
  }
}
