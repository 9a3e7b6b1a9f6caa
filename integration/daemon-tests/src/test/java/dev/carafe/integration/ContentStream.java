package dev.carafe.integration;

import com.google.protobuf.ByteString;
import dev.carafe.api.services.content.v1.ContentGrpc;
import dev.carafe.api.services.content.v1.WriteAction;
import dev.carafe.api.services.content.v1.WriteContentRequest;
import dev.carafe.api.services.content.v1.WriteContentResponse;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** One writer of content: a question, then its answer. */
final class ContentStream implements AutoCloseable {
  private final BlockingQueue<Object> answers = new LinkedBlockingQueue<>();
  private final StreamObserver<WriteContentRequest> requests;
  private boolean ended;

  ContentStream(Channel channel) {
    requests =
        ContentGrpc.newStub(channel)
            .write(
                new StreamObserver<>() {
                  @Override
                  public void onNext(WriteContentResponse answer) {
                    answers.add(answer);
                  }

                  @Override
                  public void onError(Throwable failure) {
                    answers.add(failure);
                  }

                  @Override
                  public void onCompleted() {
                    answers.add("end");
                  }
                });
  }

  WriteContentResponse stat(String ref, long total, String expected) {
    return ask(
        WriteContentRequest.newBuilder()
            .setAction(WriteAction.STAT)
            .setRef(ref)
            .setTotal(total)
            .setExpected(expected)
            .build());
  }

  WriteContentResponse write(String ref, long offset, String data) {
    return ask(
        WriteContentRequest.newBuilder()
            .setAction(WriteAction.WRITE)
            .setRef(ref)
            .setOffset(offset)
            .setData(ByteString.copyFrom(data, StandardCharsets.UTF_8))
            .build());
  }

  WriteContentResponse commit(long offset, long total, String expected) {
    return ask(
        WriteContentRequest.newBuilder()
            .setAction(WriteAction.COMMIT)
            .setOffset(offset)
            .setTotal(total)
            .setExpected(expected)
            .build());
  }

  WriteContentResponse ask(WriteContentRequest request) {
    requests.onNext(request);
    try {
      Object answer = answers.poll(20, TimeUnit.SECONDS);
      return switch (answer) {
        case WriteContentResponse response -> response;
        case StatusRuntimeException failure -> {
          ended = true;
          throw failure;
        }
        case null, default -> throw new AssertionError("no answer: " + answer);
      };
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Ends the stream without a commit, and waits until the daemon has seen it. */
  @Override
  public void close() {
    if (ended) {
      return;
    }
    try {
      requests.onCompleted();
      answers.poll(20, TimeUnit.SECONDS);
    } catch (IllegalStateException e) {
      // The daemon has ended it.
    } catch (InterruptedException e) {
      throw Status.CANCELLED.asRuntimeException();
    }
  }
}
