package dev.carafe.bench;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.carafe.api.services.content.v1.ContentGrpc;
import dev.carafe.api.services.content.v1.ReadContentRequest;
import dev.carafe.api.services.content.v1.WriteAction;
import dev.carafe.api.services.content.v1.WriteContentRequest;
import dev.carafe.api.services.content.v1.WriteContentResponse;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Blobs as clients write and read them. */
final class Blobs {
  private static final int CHUNK = 1 << 20;

  /** Chunks that are on their way at the same time. */
  private static final int WINDOW = 4;

  private final Channel channel;

  Blobs(Channel channel) {
    this.channel = channel;
  }

  /** Returns the digest. */
  String write(byte[] blob, Map<String, String> labels) {
    try {
      String digest =
          "sha256:" + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(blob));
      write(blob, digest, labels);
      return digest;
    } catch (Exception e) {
      throw new IllegalStateException("a blob was not written", e);
    }
  }

  private void write(byte[] blob, String digest, Map<String, String> labels) throws Exception {
    var answers = new Answers();
    var requests = ContentGrpc.newStub(channel).write(answers);
    for (int at = 0; at < blob.length; at += CHUNK) {
      answers.awaitRoom();
      requests.onNext(
          WriteContentRequest.newBuilder()
              .setAction(WriteAction.WRITE)
              .setRef(digest)
              .setTotal(blob.length)
              .setExpected(digest)
              .setOffset(at)
              .setData(UnsafeByteOperations.unsafeWrap(blob, at, Math.min(CHUNK, blob.length - at)))
              .build());
    }
    answers.awaitRoom();
    requests.onNext(
        WriteContentRequest.newBuilder()
            .setAction(WriteAction.COMMIT)
            .setRef(digest)
            .setTotal(blob.length)
            .setExpected(digest)
            .setOffset(blob.length)
            .putAllLabels(labels)
            .build());
    requests.onCompleted();
    answers.awaitEnd();
  }

  private static final class Answers implements StreamObserver<WriteContentResponse> {
    private final Semaphore window = new Semaphore(WINDOW);
    private final CompletableFuture<Void> end = new CompletableFuture<>();

    void awaitRoom() throws Exception {
      if (!window.tryAcquire(1, TimeUnit.MINUTES)) {
        throw new IllegalStateException("no answer to a chunk");
      }
    }

    void awaitEnd() throws Exception {
      end.get(1, TimeUnit.MINUTES);
    }

    @Override
    public void onNext(WriteContentResponse response) {
      window.release();
    }

    @Override
    public void onError(Throwable failure) {
      end.completeExceptionally(failure);
      window.release(WINDOW);
    }

    @Override
    public void onCompleted() {
      end.complete(null);
    }
  }

  long read(String digest) {
    long size = 0;
    var chunks =
        ContentGrpc.newBlockingStub(channel)
            .read(ReadContentRequest.newBuilder().setDigest(digest).build());
    while (chunks.hasNext()) {
      ByteString data = chunks.next().getData();
      size += data.size();
    }
    return size;
  }
}
