package dev.carafe.ttrpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A call with more than one message. What the peer sends before it is received is kept up to a
 * bound; a stream over it fails, and no other call does. For one sender and one receiver.
 */
public final class ClientStream implements AutoCloseable {
  /** How many bytes may wait to be received. */
  public static final int MOST_BYTES = 16 << 20;

  /** What an empty message counts. */
  private static final int OVERHEAD = 64;

  private final TtrpcClient client;
  private final String label;
  private final int id;
  private final CallOptions options;
  private final long end;
  private final CompletableFuture<ByteString> response = new CompletableFuture<>();
  private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();
  private final AtomicLong waiting = new AtomicLong();
  private final AtomicBoolean sendClosed;
  private volatile boolean ended;

  private sealed interface Received {}

  private record Message(byte[] data) implements Received {}

  private record End(@Nullable TtrpcException failure, @Nullable ByteString last)
      implements Received {}

  ClientStream(TtrpcClient client, String label, int id, CallOptions options, int flags) {
    this.client = client;
    this.label = label;
    this.id = id;
    this.options = options;
    this.end = System.nanoTime() + options.timeout().toNanos();
    this.sendClosed = new AtomicBoolean((flags & Frame.REMOTE_OPEN) == 0);
  }

  int id() {
    return id;
  }

  /** The payload of the response that ends the call. */
  CompletableFuture<ByteString> response() {
    return response;
  }

  /** Sends a message to the peer. */
  public void send(MessageLite message) throws InterruptedException {
    if (sendClosed.get()) {
      throw new IllegalStateException(label + ": sending has ended");
    }
    byte[] data = Frame.checked(message.toByteArray());
    client.reserve(label, Frame.HEADER + data.length, options);
    client.send(new Frame(id, Frame.Type.DATA, 0, data));
  }

  /** Tells the peer that nothing more comes. Idempotent. */
  public void closeSend() throws InterruptedException {
    if (sendClosed.compareAndSet(false, true)) {
      client.reserve(label, Frame.HEADER, options);
      client.send(new Frame(id, Frame.Type.DATA, Frame.REMOTE_CLOSED | Frame.NO_DATA, new byte[0]));
    }
  }

  /**
   * The next message from the peer, or null after the last one.
   *
   * @throws TtrpcException the failure that the peer ended the stream with, or why it ended
   */
  public <T> @Nullable T receive(Parser<T> parser) throws InterruptedException {
    if (ended) {
      return null;
    }
    Received next =
        options.hasTimeout()
            ? received.poll(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS)
            : received.take();
    return switch (next) {
      case null -> {
        close();
        throw new TtrpcException(
            StatusCode.DEADLINE_EXCEEDED,
            label + ": did not end within " + options.timeout().toMillis() + " ms");
      }
      case Message message -> {
        waiting.addAndGet(-(long) message.data().length - OVERHEAD);
        yield Envelopes.parse(parser, message.data(), label + ": message");
      }
      case End last -> {
        ended = true;
        if (last.failure() != null) {
          throw last.failure().again();
        }
        yield last.last() == null ? null : Envelopes.parse(parser, last.last(), label + ": answer");
      }
    };
  }

  void received(Frame frame) {
    switch (frame.type()) {
      case REQUEST -> throw new TtrpcException(StatusCode.INTERNAL, "request from a server");
      case RESPONSE -> finish(frame);
      case DATA -> {
        if (!frame.has(Frame.NO_DATA)) {
          add(frame.data());
        }
        if (frame.has(Frame.REMOTE_CLOSED)) {
          end(null, null);
        }
      }
    }
  }

  private void finish(Frame frame) {
    try {
      ByteString payload = Envelopes.payload(frame);
      response.complete(payload);
      end(null, payload);
    } catch (TtrpcException e) {
      fail(e);
    }
  }

  private void add(byte[] data) {
    if (waiting.addAndGet((long) data.length + OVERHEAD) > MOST_BYTES) {
      fail(
          new TtrpcException(
              StatusCode.RESOURCE_EXHAUSTED, label + ": messages are not received fast enough"));
      return;
    }
    received.add(new Message(data));
  }

  void fail(TtrpcException reason) {
    response.completeExceptionally(reason);
    end(reason, null);
  }

  private void end(@Nullable TtrpcException failure, @Nullable ByteString last) {
    client.forget(this);
    if (failure == null && last == null) {
      response.completeExceptionally(
          new TtrpcException(StatusCode.INTERNAL, label + ": the peer sent no response"));
    }
    received.add(new End(failure, last));
  }

  /** Forgets the call; what still comes is dropped. The peer is not told. */
  @Override
  public void close() {
    client.forget(this);
    ended = true;
  }
}
