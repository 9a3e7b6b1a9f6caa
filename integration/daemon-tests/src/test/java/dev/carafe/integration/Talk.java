package dev.carafe.integration;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.carafe.api.services.streaming.v1.StreamingGrpc;
import dev.carafe.api.types.transfer.Data;
import dev.carafe.api.types.transfer.WindowUpdate;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A client's side of one stream: what it sends and what comes back. */
final class Talk implements AutoCloseable {
  private static final Any END = Any.newBuilder().setTypeUrl("end").build();
  private static final int WINDOW = 1 << 20;

  private final BlockingQueue<Any> received = new LinkedBlockingQueue<>();
  private final AtomicLong drained = new AtomicLong();
  private final StreamObserver<Any> sender;
  private volatile @Nullable Throwable failure;

  Talk(Channel channel) {
    sender =
        StreamingGrpc.newStub(channel).withDeadlineAfter(2, TimeUnit.MINUTES).stream(
            new StreamObserver<>() {
              @Override
              public void onNext(Any message) {
                received.add(message);
              }

              @Override
              public void onError(Throwable thrown) {
                failure = thrown;
                received.add(END);
              }

              @Override
              public void onCompleted() {
                received.add(END);
              }
            });
  }

  void send(Any message) {
    sender.onNext(message);
  }

  /** Says that nothing more is sent. */
  void end() {
    sender.onCompleted();
  }

  /** The next message, or null at the end. */
  @Nullable Any next() {
    try {
      Any message = received.poll(1, TimeUnit.MINUTES);
      if (message == null) {
        throw new AssertionError("nothing has come");
      }
      if (message != END) {
        return message;
      }
      if (failure instanceof StatusRuntimeException status) {
        throw status;
      }
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /** Takes data from now on and asks for more as it comes, until the end. */
  void drainLater() {
    Thread.ofVirtual()
        .start(() -> {
          send(WireTransfers.any(WindowUpdate.newBuilder().setUpdate(WINDOW).build()));
          try {
            for (Any message = next(); message != null; message = next()) {
              int size = Data.parseFrom(message.getValue()).getData().size();
              drained.addAndGet(size);
              send(WireTransfers.any(WindowUpdate.newBuilder().setUpdate(size).build()));
            }
          } catch (InvalidProtocolBufferException | RuntimeException e) {
            // What has come until then counts.
          }
        });
  }

  /** How many bytes of data have been taken. */
  long drained() {
    return drained.get();
  }

  @Override
  public void close() {
    try {
      sender.onError(Status.CANCELLED.asRuntimeException());
    } catch (IllegalStateException alreadyEnded) {
      // The call is over.
    }
  }
}
