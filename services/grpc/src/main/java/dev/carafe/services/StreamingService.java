package dev.carafe.services;

import com.google.protobuf.Any;
import com.google.protobuf.Empty;
import dev.carafe.api.services.streaming.v1.StreamInit;
import dev.carafe.api.services.streaming.v1.StreamingGrpc;
import dev.carafe.services.StreamRegistry.OpenStream;
import dev.carafe.spi.errors.InvalidArgumentException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;

/**
 * Streams by name: the first message names the stream, is answered, and then the stream belongs to
 * whoever asks for the name.
 */
final class StreamingService extends StreamingGrpc.StreamingImplBase {
  private final StreamRegistry streams;

  StreamingService(StreamRegistry streams) {
    this.streams = streams;
  }

  @Override
  public StreamObserver<Any> stream(StreamObserver<Any> observer) {
    ServerCallStreamObserver<Any> call = (ServerCallStreamObserver<Any>) observer;
    call.disableAutoRequest();
    call.request(1);
    return new Messages(call);
  }

  private final class Messages implements StreamObserver<Any> {
    private final ServerCallStreamObserver<Any> call;
    private @Nullable OpenStream stream;
    private boolean refused;

    Messages(ServerCallStreamObserver<Any> call) {
      this.call = call;
    }

    @Override
    public void onNext(Any message) {
      if (refused) {
        return;
      }
      if (stream != null) {
        stream.arrived(message);
        return;
      }
      try {
        String id = Anys.unpack(message, StreamInit.parser()).getId();
        if (id.isEmpty()) {
          throw new InvalidArgumentException("stream id must not be empty");
        }
        stream = streams.register(Calls.namespace(), id, call);
        stream.send(Anys.pack(Empty.getDefaultInstance()));
      } catch (RuntimeException e) {
        refused = true;
        call.onError(Failures.status(e).asRuntimeException());
      }
    }

    @Override
    public void onError(Throwable gone) {
      if (stream != null) {
        stream.brokenByClient();
      }
    }

    @Override
    public void onCompleted() {
      if (stream != null) {
        stream.endedByClient();
      } else if (!refused) {
        call.onCompleted();
      }
    }
  }
}
