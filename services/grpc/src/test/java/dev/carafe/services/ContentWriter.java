package dev.carafe.services;

import com.google.protobuf.ByteString;
import dev.carafe.api.services.content.v1.ContentGrpc;
import dev.carafe.api.services.content.v1.WriteAction;
import dev.carafe.api.services.content.v1.WriteContentRequest;
import dev.carafe.api.services.content.v1.WriteContentResponse;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A client that writes one ingest: a question, then its answer. */
final class ContentWriter implements AutoCloseable {
  private final BlockingQueue<Object> answers = new LinkedBlockingQueue<>();
  private final StreamObserver<WriteContentRequest> requests;
  private final String ref;
  private boolean ended;

  ContentWriter(Channel channel, String ref) {
    this.ref = ref;
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

  WriteContentResponse stat(long total, String expected) {
    return ask(request(WriteAction.STAT).setTotal(total).setExpected(expected));
  }

  WriteContentResponse write(long offset, String data) {
    return ask(request(WriteAction.WRITE).setOffset(offset).setData(ByteString.copyFromUtf8(data)));
  }

  WriteContentResponse commit(long offset, long total, String expected) {
    return commit(offset, total, expected, Map.of());
  }

  WriteContentResponse commit(
      long offset, long total, String expected, Map<String, String> labels) {
    WriteContentResponse answer =
        ask(
            request(WriteAction.COMMIT)
                .setOffset(offset)
                .setTotal(total)
                .setExpected(expected)
                .putAllLabels(labels));
    if (!"end".equals(take())) {
      throw new AssertionError("a commit ends the stream");
    }
    ended = true;
    return answer;
  }

  WriteContentRequest.Builder request(WriteAction action) {
    return WriteContentRequest.newBuilder().setAction(action).setRef(ref);
  }

  WriteContentResponse ask(WriteContentRequest.Builder request) {
    requests.onNext(request.build());
    Object answer = take();
    if (answer instanceof WriteContentResponse response) {
      return response;
    }
    ended = true;
    if (answer instanceof StatusRuntimeException failure) {
      throw failure;
    }
    throw new AssertionError("no answer: " + answer);
  }

  private Object take() {
    try {
      Object answer = answers.poll(20, TimeUnit.SECONDS);
      return answer == null ? "nothing" : answer;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Ends the stream without a commit, and waits until the service has seen it. */
  @Override
  public void close() {
    if (!ended) {
      ended = true;
      requests.onCompleted();
      take();
    }
  }
}
