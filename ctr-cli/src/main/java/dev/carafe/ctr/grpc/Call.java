package dev.carafe.ctr.grpc;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * One call. One thread may send while another receives. Closing a call that has not ended cancels
 * it.
 */
public final class Call<Q extends MessageLite, R> implements AutoCloseable {
  private static final int OPEN = -1;
  private static final int PREFIX = 5;

  final int stream;

  /** How much the peer takes; guarded by the channel's lock. */
  long sendWindow;

  private final Channel channel;
  private final Method<Q, R> method;

  // The reader's: what has arrived of a message.
  private final ByteBuffer prefix = ByteBuffer.allocate(PREFIX);
  private @Nullable ByteBuffer message;

  // Guarded by this.
  private final Queue<byte[]> messages = new ArrayDeque<>();
  private int consumed;
  private int code = OPEN;
  private String description = "";

  Call(Channel channel, int stream, Method<Q, R> method, int sendWindow) {
    this.channel = channel;
    this.stream = stream;
    this.method = method;
    this.sendWindow = sendWindow;
  }

  /** Sends a message; waits while the peer has no room. Does nothing once the call has ended. */
  public void send(Q request) {
    channel.send(this, framed(request), false);
  }

  /** Sends a message and says that no more will follow. */
  public void sendLast(Q request) {
    channel.send(this, framed(request), true);
  }

  /** No more messages will be sent. */
  public void halfClose() {
    channel.send(this, ByteBuffer.allocate(0), true);
  }

  private static ByteBuffer framed(MessageLite message) {
    byte[] bytes = message.toByteArray();
    ByteBuffer framed = ByteBuffer.allocate(PREFIX + bytes.length);
    return framed.put((byte) 0).putInt(bytes.length).put(bytes).flip();
  }

  /**
   * The next answer, or null after the last one.
   *
   * @throws StatusException if the call did not end well
   */
  public @Nullable R receive() {
    byte[] next = await();
    if (next == null) {
      return null;
    }
    credit(next.length + PREFIX);
    try {
      return method.answers().parseFrom(next);
    } catch (InvalidProtocolBufferException e) {
      throw new StatusException(StatusException.INTERNAL, method.path() + ": " + e.getMessage());
    }
  }

  private synchronized byte @Nullable [] await() {
    try {
      while (messages.isEmpty() && code == OPEN) {
        long patience = channel.patience();
        if (patience < 0) {
          throw new StatusException(StatusException.UNAVAILABLE, "daemon does not answer");
        }
        wait(patience);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StatusException(StatusException.CANCELLED, method.path() + ": interrupted");
    }
    byte[] next = messages.poll();
    if (next == null && code != StatusException.OK) {
      throw new StatusException(
          code, description.isEmpty() ? method.path() + ": status " + code : description);
    }
    return next;
  }

  private void credit(int bytes) {
    int grant;
    synchronized (this) {
      consumed += bytes;
      if (consumed < Channel.CREDIT || code != OPEN) {
        return;
      }
      grant = consumed;
      consumed = 0;
    }
    channel.grant(stream, grant);
  }

  /**
   * Bytes arrived. On the reader's thread.
   *
   * @param padding what came with them and is of no use
   */
  void received(ByteBuffer data, int padding) {
    credit(padding);
    while (data.hasRemaining()) {
      ByteBuffer current = message;
      if (current == null) {
        current = prefix;
      }
      int part = Math.min(data.remaining(), current.remaining());
      current.put(data.slice(data.position(), part));
      data.position(data.position() + part);
      if (current.hasRemaining()) {
        return;
      }
      if (current != prefix) {
        message = null;
        deliver(current.array());
      } else if (!begin()) {
        return;
      }
    }
  }

  private boolean begin() {
    int compressed = prefix.flip().get();
    int size = prefix.getInt();
    prefix.clear();
    if (compressed != 0 || size < 0 || size > Channel.MESSAGE_LIMIT) {
      String length = Integer.toUnsignedString(size);
      end(
          StatusException.INTERNAL,
          method.path() + ": answer of " + length + " bytes is compressed or too large");
      channel.cancel(this);
      return false;
    }
    if (size == 0) {
      deliver(new byte[0]);
    } else {
      message = ByteBuffer.allocate(size);
    }
    return true;
  }

  private synchronized void deliver(byte[] whole) {
    messages.add(whole);
    notifyAll();
  }

  synchronized void end(int status, String text) {
    if (code == OPEN) {
      boolean torn = status == StatusException.OK && (message != null || prefix.position() > 0);
      code = torn ? StatusException.INTERNAL : status;
      description = torn ? method.path() + ": answer is cut short" : text;
      notifyAll();
    }
  }

  synchronized boolean ended() {
    return code != OPEN;
  }

  @Override
  public void close() {
    end(StatusException.CANCELLED, method.path() + ": cancelled");
    channel.cancel(this);
  }
}
