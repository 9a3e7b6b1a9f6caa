package dev.carafe.ctr;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import dev.carafe.api.services.streaming.v1.StreamInit;
import dev.carafe.api.services.transfer.v1.TransferOptions;
import dev.carafe.api.services.transfer.v1.TransferRequest;
import dev.carafe.api.types.transfer.Progress;
import dev.carafe.ctr.grpc.Call;
import dev.carafe.ctr.grpc.StatusException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/** One transfer with the streams that belong to it. */
final class TransferCall implements AutoCloseable {
  private static final String TRANSFER = "containerd.types.transfer.";
  private static final int LAST_STEPS_MILLIS = 2000;

  private final Session session;
  private final ProgressView view;
  private volatile boolean named;
  private final List<Call<Any, Any>> streams = new ArrayList<>();

  /** Shows progress, unless that would be in the way of the output. */
  TransferCall(Session session, boolean silent) {
    this.session = session;
    this.view = ProgressView.of(session.out(), silent);
  }

  /** A named stream with the thread that reads it. */
  record Stream(String id, Call<Any, Any> call, Thread reader) {}

  /** What a client does with what arrives on a stream. */
  interface Handler extends BiConsumer<Call<Any, Any>, Any> {}

  /** Opens a stream. */
  Stream stream(String kind, Handler handler) {
    String id = kind + "-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
    Call<Any, Any> call = session.channel().open(Api.Transfer.STREAM);
    streams.add(call);
    call.send(
        Any.newBuilder()
            .setTypeUrl("containerd.services.streaming.v1.StreamInit")
            .setValue(StreamInit.newBuilder().setId(id).build().toByteString())
            .build());
    if (call.receive() == null) {
      throw new StatusException(StatusException.INTERNAL, "stream " + id + " was not taken");
    }
    Thread reader = Thread.ofPlatform().daemon().name(kind).start(() -> read(call, handler));
    return new Stream(id, call, reader);
  }

  private static void read(Call<Any, Any> call, Handler handler) {
    try {
      for (Any message = call.receive(); message != null; message = call.receive()) {
        handler.accept(call, message);
      }
    } catch (StatusException e) {
      // The transfer itself says what went wrong.
    }
  }

  /** Transfers and waits for the end. */
  void run(Any source, Any destination) throws InterruptedException {
    Stream progress = stream("progress", (call, message) -> show(progress(message)));
    session
        .channel()
        .unary(
            Api.Transfer.TRANSFER,
            TransferRequest.newBuilder()
                .setSource(source)
                .setDestination(destination)
                .setOptions(TransferOptions.newBuilder().setProgressStream(progress.id()))
                .build());
    // The daemon ends the stream after the last step; what it sent is shown first.
    progress.reader().join(LAST_STEPS_MILLIS);
  }

  private void show(Progress step) {
    if (step.getEvent().equals("saved")) {
      named = true;
    }
    view.show(step);
  }

  /** Whether an image has got a name. */
  boolean named() {
    return named;
  }

  private static Progress progress(Any any) {
    try {
      return Progress.parseFrom(any.getValue());
    } catch (InvalidProtocolBufferException e) {
      return Progress.getDefaultInstance();
    }
  }

  static Any any(String type, MessageLite message) {
    return Any.newBuilder().setTypeUrl(TRANSFER + type).setValue(message.toByteString()).build();
  }

  @Override
  public void close() {
    streams.forEach(Call::close);
    view.close();
  }
}
