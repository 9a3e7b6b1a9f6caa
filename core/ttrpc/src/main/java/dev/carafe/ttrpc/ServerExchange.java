package dev.carafe.ttrpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** One call being answered: exactly one end is told. */
final class ServerExchange implements ServerStream {
  private static final int OVERHEAD = 64;

  private final ServerConnection connection;
  private final int stream;
  private final String label;
  private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();
  private final AtomicLong waiting = new AtomicLong();
  private final AtomicBoolean done = new AtomicBoolean();
  private volatile @Nullable Thread thread;
  private volatile @Nullable Future<?> deadline;
  private boolean ended;

  private sealed interface Received {}

  private record Message(ByteString data) implements Received {}

  private record End(@Nullable TtrpcException failure) implements Received {}

  /**
   * A new call.
   *
   * @param first what came with the request: the only message, unless the stream is open
   */
  ServerExchange(
      ServerConnection connection, int stream, String label, ByteString first, boolean open) {
    this.connection = connection;
    this.stream = stream;
    this.label = label;
    if (!open) {
      received.add(new Message(first));
      received.add(new End(null));
    }
  }

  int stream() {
    return stream;
  }

  String label() {
    return label;
  }

  void runs(Thread handler) {
    thread = handler;
  }

  void deadline(Future<?> timer) {
    deadline = timer;
  }

  void received(Frame frame) {
    if (!frame.has(Frame.NO_DATA)) {
      if (waiting.addAndGet((long) frame.data().length + OVERHEAD) > ClientStream.MOST_BYTES) {
        fail(
            new TtrpcException(
                StatusCode.RESOURCE_EXHAUSTED, label + ": messages are not received fast enough"));
        interrupt();
        return;
      }
      received.add(new Message(ByteString.copyFrom(frame.data())));
    }
    if (frame.has(Frame.REMOTE_CLOSED)) {
      received.add(new End(null));
    }
  }

  @Override
  public <T> @Nullable T receive(Parser<T> parser) throws InterruptedException {
    if (ended) {
      return null;
    }
    return switch (received.take()) {
      case Message message -> {
        waiting.addAndGet(-(long) message.data().size() - OVERHEAD);
        yield Envelopes.parse(parser, message.data(), label + ": message");
      }
      case End end -> {
        ended = true;
        if (end.failure() != null) {
          throw end.failure().again();
        }
        yield null;
      }
    };
  }

  @Override
  public void send(MessageLite message) throws InterruptedException {
    byte[] data = Frame.checked(message.toByteArray());
    connection.send(new Frame(stream, Frame.Type.DATA, 0, data));
  }

  /** Ends a call with one message. */
  void answer(ByteString payload) {
    byte[] response = Envelopes.response(payload);
    if (response.length > Frame.LIMIT) {
      fail(
          new TtrpcException(
              StatusCode.RESOURCE_EXHAUSTED,
              label + ": answer of " + response.length + " bytes is larger than " + Frame.LIMIT));
      return;
    }
    end(new Frame(stream, Frame.Type.RESPONSE, 0, response));
  }

  /** Ends a stream. */
  void endStream() {
    end(new Frame(stream, Frame.Type.DATA, Frame.REMOTE_CLOSED | Frame.NO_DATA, new byte[0]));
  }

  void fail(TtrpcException failure) {
    end(new Frame(stream, Frame.Type.RESPONSE, 0, Envelopes.failure(failure)));
  }

  private void end(Frame frame) {
    if (!done.compareAndSet(false, true)) {
      return;
    }
    Future<?> timer = deadline;
    if (timer != null) {
      timer.cancel(false);
    }
    // The handler's work is done: an interrupt that came late must not lose its answer.
    boolean interrupted = Thread.interrupted();
    try {
      connection.send(frame);
    } catch (InterruptedException e) {
      interrupted = true;
      connection.close();
    } catch (TtrpcException _) {
      // Nobody is left to be told.
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The caller's time is up: it is told so, and the handler is interrupted. */
  void expire() {
    Thread.ofVirtual()
        .start(() -> {
          fail(new TtrpcException(StatusCode.DEADLINE_EXCEEDED, label + ": time is up"));
          interrupt();
        });
  }

  /** The caller is gone. */
  void abandon() {
    done.set(true);
    received.add(new End(connection.reason()));
    interrupt();
  }

  private void interrupt() {
    Thread handler = thread;
    if (handler != null) {
      handler.interrupt();
    }
  }
}
