package dev.carafe.services;

import com.google.protobuf.Any;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Streams that clients have opened and named, for transfers to find. */
public final class StreamRegistry {
  private final Map<Key, OpenStream> streams = new ConcurrentHashMap<>();

  private record Key(Namespace namespace, String id) {}

  /** One stream. Sends may come from many threads; one thread receives. */
  final class OpenStream {
    private static final Any END = Any.newBuilder().setTypeUrl("end").build();

    private final Key key;
    private final ServerCallStreamObserver<Any> observer;
    private final BlockingQueue<Any> received = new LinkedBlockingQueue<>();
    private volatile boolean ended;

    private OpenStream(Key key, ServerCallStreamObserver<Any> observer) {
      this.key = key;
      this.observer = observer;
    }

    synchronized void send(Any message) {
      if (ended || observer.isCancelled()) {
        throw new CancelledException("stream \"" + key.id() + "\": closed by the client");
      }
      observer.onNext(message);
    }

    /**
     * The client's next message, or null after its last one. Asks for one at a time, so that
     * nothing piles up here.
     */
    @Nullable Any receive(Duration atMost) throws InterruptedException {
      if (ended && received.isEmpty()) {
        return null;
      }
      observer.request(1);
      Any message = received.poll(atMost.toMillis(), TimeUnit.MILLISECONDS);
      if (message == null) {
        throw new DeadlineExceededException(
            "stream \"" + key.id() + "\": no answer within " + atMost.toSeconds() + " s");
      }
      return message == END ? null : message;
    }

    void arrived(Any message) {
      received.add(message);
    }

    /** The client's side has ended. */
    void endedByClient() {
      ended = true;
      received.add(END);
      streams.remove(key, this);
    }

    /** Ends the call. Idempotent. */
    synchronized void close() {
      streams.remove(key, this);
      if (!ended) {
        ended = true;
        if (!observer.isCancelled()) {
          observer.onCompleted();
        }
      }
    }
  }

  OpenStream register(Namespace namespace, String id, ServerCallStreamObserver<Any> observer) {
    if (streams.size() >= 10_000) {
      throw new UnavailableException("too many open streams");
    }
    Key key = new Key(namespace, id);
    OpenStream stream = new OpenStream(key, observer);
    if (streams.putIfAbsent(key, stream) != null) {
      throw new AlreadyExistsException("stream \"" + id + "\": already exists");
    }
    return stream;
  }

  OpenStream get(Namespace namespace, String id) {
    OpenStream stream = streams.get(new Key(namespace, id));
    if (stream == null) {
      throw new NotFoundException("stream \"" + id + "\": not found");
    }
    return stream;
  }
}
