package dev.carafe.integration;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import com.google.protobuf.Message;
import dev.carafe.api.services.images.v1.GetImageRequest;
import dev.carafe.api.services.images.v1.ImagesGrpc;
import dev.carafe.api.services.streaming.v1.StreamInit;
import dev.carafe.api.services.transfer.v1.TransferGrpc;
import dev.carafe.api.services.transfer.v1.TransferOptions;
import dev.carafe.api.services.transfer.v1.TransferRequest;
import dev.carafe.api.types.transfer.Data;
import dev.carafe.api.types.transfer.ImageExportStream;
import dev.carafe.api.types.transfer.ImageImportStream;
import dev.carafe.api.types.transfer.ImageReference;
import dev.carafe.api.types.transfer.ImageStore;
import dev.carafe.api.types.transfer.OCIRegistry;
import dev.carafe.api.types.transfer.Progress;
import dev.carafe.api.types.transfer.RegistryResolver;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/** Streams and what is transferred through them. */
final class WireTransfers {
  private static final ImageStock.Stocked BUSYBOX = ImageStock.busybox();

  private final WireScript script;

  WireTransfers(WireScript script) {
    this.script = script;
  }

  void run() throws Exception {
    streams();
    endpoints();
    images();
    archives();
  }

  private void streams() throws Exception {
    script.call("stream: without namespace", () -> opened(script.bare(), init("s")));
    script.call("stream: open", () -> opened(script.namespace("transfers"), init("s")));
    script.call("stream: open unnamed", () -> opened(script.namespace("transfers"), init("")));
    script.call(
        "stream: open by something else",
        () ->
            opened(script.namespace("transfers"), any(Progress.newBuilder().setName("n").build())));
    script.call(
        "stream: open by an unknown type",
        () ->
            opened(
                script.namespace("transfers"),
                Any.newBuilder().setTypeUrl("types.example/odd").build()));
    script.call(
        "stream: open by broken bytes",
        () ->
            opened(
                script.namespace("transfers"),
                init("s").toBuilder()
                    .setValue(ByteString.copyFrom(new byte[] {10, 99, 1}))
                    .build()));
    script.call(
        "stream: end before the first message",
        () -> {
          try (Talk talk = new Talk(script.namespace("transfers"))) {
            talk.end();
            return String.valueOf(talk.next());
          }
        });
    script.call(
        "stream: open twice",
        () -> {
          try (Talk first = new Talk(script.namespace("transfers"))) {
            first.send(init("twice"));
            first.next();
            return opened(script.namespace("transfers"), init("twice"));
          }
        });
    script.call(
        "stream: the same name in another namespace",
        () -> {
          try (Talk first = new Talk(script.namespace("transfers"))) {
            first.send(init("shared"));
            first.next();
            return opened(script.namespace("transfers2"), init("shared"));
          }
        });
  }

  private static String opened(io.grpc.Channel channel, Any first) {
    try (Talk talk = new Talk(channel)) {
      talk.send(first);
      Any answer = talk.next();
      return answer == null ? "end" : answer.getTypeUrl() + ":" + answer.getValue().size();
    }
  }

  private void endpoints() throws Exception {
    Any odd = Any.newBuilder().setTypeUrl("types.example/odd").build();
    Any store = any(ImageStore.newBuilder().setName("example.com/i:1").build());
    script.call("transfer: unknown source", () -> transfer(odd, store));
    script.call("transfer: unknown destination", () -> transfer(store, odd));
    script.call("transfer: no way", () -> transfer(registry("example.com/a:1"), registry("b:1")));
    script.call(
        "transfer: no progress stream",
        () ->
            transfer(
                TransferRequest.newBuilder()
                    .setSource(store)
                    .setDestination(store)
                    .setOptions(TransferOptions.newBuilder().setProgressStream("absent"))
                    .build()));
    script.call(
        "transfer: no import stream",
        () -> transfer(any(ImageImportStream.newBuilder().setStream("absent").build()), store));
    script.call(
        "transfer: no export stream",
        () -> transfer(store, any(ImageExportStream.newBuilder().setStream("absent").build())));
    script.call(
        "transfer: without namespace",
        () ->
            TransferGrpc.newBlockingStub(script.bare())
                .transfer(
                    TransferRequest.newBuilder().setSource(store).setDestination(store).build()));
    script.call("transfer: tag what is not there", () -> transfer(store, store("example.com/j:1")));
    script.call("transfer: pull a bad name", () -> transfer(registry("not a name"), store));
    script.call(
        "transfer: pull an absent name",
        () -> {
          transfer(registry(TestRegistry.shared().host() + "/absent:1"), store);
          return "pulled";
        });
    script.call(
        "transfer: push what is not there",
        () -> {
          transfer(
              store("example.com/absent:1"),
              registry(TestRegistry.shared().host() + "/transfers-absent:1"));
          return "pushed";
        });
  }

  private void images() throws Exception {
    script.call(
        "transfer: pull",
        () -> {
          transfer(
              registry(BUSYBOX.name()),
              any(
                  ImageStore.newBuilder()
                      .setName(BUSYBOX.name())
                      .putLabels("a", "1")
                      .addExtraReferences(
                          ImageReference.newBuilder().setName("example.com/extra:1"))
                      .build()));
          return image(BUSYBOX.name()) + image("example.com/extra:1");
        });
    script.call(
        "transfer: tag",
        () -> {
          transfer(store(BUSYBOX.name()), store("example.com/tagged:1"));
          return image("example.com/tagged:1");
        });
    script.call(
        "transfer: tag over it",
        () -> {
          transfer(
              store(BUSYBOX.name()),
              any(
                  ImageStore.newBuilder()
                      .setName("example.com/tagged:1")
                      .putLabels("b", "2")
                      .build()));
          return image("example.com/tagged:1");
        });
    script.call("transfer: tag without a name", () -> transfer(store(BUSYBOX.name()), store("")));
    script.call(
        "transfer: push",
        () -> {
          transfer(
              store(BUSYBOX.name()), registry(TestRegistry.shared().host() + "/transferred:1"));
          return "pushed";
        });
    script.call(
        "transfer: pull with progress",
        () -> {
          try (Talk talk = new Talk(script.namespace("transfers"))) {
            talk.send(init("progress"));
            talk.next();
            transfer(
                TransferRequest.newBuilder()
                    .setSource(registry(BUSYBOX.name()))
                    .setDestination(store(BUSYBOX.name()))
                    .setOptions(TransferOptions.newBuilder().setProgressStream("progress"))
                    .build());
            TreeSet<String> types = new TreeSet<>();
            for (Any any = talk.next(); any != null; any = talk.next()) {
              types.add(any.getTypeUrl());
            }
            return types.toString();
          }
        });
  }

  private void archives() throws Exception {
    script.call("transfer: export", () -> exported(BUSYBOX.name()));
    script.call("transfer: export what is not there", () -> exported("example.com/absent:1"));
    script.call(
        "transfer: import rubbish",
        () -> {
          try (Talk talk = new Talk(script.namespace("transfers"))) {
            talk.send(init("import"));
            talk.next();
            talk.send(any(Data.newBuilder().setData(ByteString.copyFrom(new byte[2048])).build()));
            talk.end();
            transfer(
                any(ImageImportStream.newBuilder().setStream("import").build()),
                store("example.com/imported"));
            return "imported";
          }
        });
  }

  /** Reads a stream with a window of 1 MiB at a time; how the bytes come is not compared. */
  private String exported(String name) {
    String id = "export " + name;
    try (Talk talk = new Talk(script.namespace("transfers"))) {
      talk.send(init(id));
      talk.next();
      talk.drainLater();
      transfer(store(name), any(ImageExportStream.newBuilder().setStream(id).build()));
      Await.until("the archive has come", () -> talk.drained() > 10_000);
      return "an archive";
    }
  }

  private Empty transfer(Any from, Any to) {
    return transfer(TransferRequest.newBuilder().setSource(from).setDestination(to).build());
  }

  private Empty transfer(TransferRequest request) {
    return TransferGrpc.newBlockingStub(script.namespace("transfers"))
        .withDeadlineAfter(2, TimeUnit.MINUTES)
        .transfer(request);
  }

  private String image(String name) {
    var image =
        ImagesGrpc.newBlockingStub(script.namespace("transfers"))
            .get(GetImageRequest.newBuilder().setName(name).build())
            .getImage();
    return image.getTarget().getDigest() + new TreeMap<>(image.getLabelsMap()) + " ";
  }

  private static Any registry(String reference) {
    return any(
        OCIRegistry.newBuilder()
            .setReference(reference)
            .setResolver(RegistryResolver.newBuilder().setDefaultScheme("http"))
            .build());
  }

  private static Any store(String name) {
    return any(ImageStore.newBuilder().setName(name).build());
  }

  static Any init(String id) {
    return any(StreamInit.newBuilder().setId(id).build());
  }

  static Any any(Message message) {
    return Any.newBuilder()
        .setTypeUrl(message.getDescriptorForType().getFullName())
        .setValue(message.toByteString())
        .build();
  }
}
