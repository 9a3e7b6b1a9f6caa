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

    /** The client sends no more. */
    private volatile boolean ended;

    /** The client has gone before it said that it sends no more. */
    private volatile boolean broken;

    private boolean claimed;
    private boolean closed;

    private OpenStream(Key key, ServerCallStreamObserver<Any> observer) {
      this.key = key;
      this.observer = observer;
    }

    synchronized void send(Any message) {
      if (closed || broken || observer.isCancelled()) {
        throw new CancelledException("stream \"" + key.id() + "\": closed by the client");
      }
      observer.onNext(message);
    }

    /**
     * The client's next message, or null after its last one. Asks for one at a time, so that
     * nothing piles up here.
     *
     * @throws CancelledException if the client has gone without an end
     */
    @Nullable Any receive(Duration atMost) throws InterruptedException {
      if (ended && received.isEmpty()) {
        return end();
      }
      observer.request(1);
      Any message = received.poll(atMost.toMillis(), TimeUnit.MILLISECONDS);
      if (message == null) {
        throw new DeadlineExceededException(
            "stream \"" + key.id() + "\": no answer within " + atMost.toSeconds() + " s");
      }
      return message == END ? end() : message;
    }

    private @Nullable Any end() {
      if (broken) {
        throw new CancelledException("stream \"" + key.id() + "\": broken off by the client");
      }
      return null;
    }

    private synchronized void claim() {
      claimed = true;
    }

    void arrived(Any message) {
      received.add(message);
    }

    /** The client sends no more; what is sent to it still arrives. */
    void endedByClient() {
      ended = true;
      received.add(END);
      boolean unwanted;
      synchronized (this) {
        unwanted = !claimed;
      }
      if (unwanted) {
        close();
      }
    }

    /** The client has gone. */
    void brokenByClient() {
      broken = true;
      ended = true;
      received.add(END);
      streams.remove(key, this);
    }

    /** Ends the call. Idempotent. */
    synchronized void close() {
      streams.remove(key, this);
      if (!closed) {
        closed = true;
        if (!broken && !observer.isCancelled()) {
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
    stream.claim();
    return stream;
  }
}
