package dev.carafe.ctr.grpc;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** One call. One thread may send while another receives. Closing a call that has not ended cancels it. */
public final class Call<Q extends MessageLite, R> implements AutoCloseable {
  private static final int OK = 0;
  private static final int OPEN = -1;

  final int stream;
  long sendWindow;
  private final Channel channel;
  private final Method<Q, R> method;
  private final Queue<byte[]> messages = new ArrayDeque<>();
  private final byte[] head = new byte[5];
  private int headAt;
  private byte @Nullable [] message;
  private int messageAt;
  private int code = OPEN;
  private String description = "";

  Call(Channel channel, int stream, Method<Q, R> method, int sendWindow) {
    this.channel = channel;
    this.stream = stream;
    this.method = method;
    this.sendWindow = sendWindow;
  }

  /** Sends a message; waits while the peer has no room. */
  public void send(Q request) {
    int size = request.getSerializedSize();
    ByteBuffer frame = ByteBuffer.allocate(5 + size);
    frame.put((byte) 0).putInt(size).put(request.toByteArray()).flip();
    channel.send(this, frame, false);
  }

  /** No more messages will be sent. */
  public void halfClose() {
    channel.send(this, ByteBuffer.allocate(0), true);
  }

  /**
   * The next answer, or null after the last one.
   *
   * @throws StatusException if the call did not end well
   */
  public @Nullable R receive() {
    byte[] next;
    synchronized (this) {
      while (messages.isEmpty() && code == OPEN) {
        try {
          wait();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new StatusException(StatusException.CANCELLED, "cancelled");
        }
      }
      next = messages.poll();
      if (next == null) {
        if (code == OK) {
          return null;
        }
        throw new StatusException(code, description.isEmpty() ? method.path() + ": status " + code : description);
      }
    }
    channel.consumed(this, next.length + 5);
    try {
      return method.answers().parseFrom(next);
    } catch (InvalidProtocolBufferException e) {
      throw new StatusException(StatusException.INTERNAL, method.path() + ": " + e.getMessage());
    }
  }

  /** Bytes arrived: completes messages. On the reader's thread. */
  void received(ByteBuffer data) {
    while (data.hasRemaining()) {
      byte[] current = message;
      if (current == null) {
        head[headAt++] = data.get();
        if (headAt < head.length) {
          continue;
        }
        headAt = 0;
        int size = ByteBuffer.wrap(head).getInt(1);
        if (head[0] != 0 || size < 0 || size > Channel.MESSAGE_LIMIT) {
          end(StatusException.INTERNAL, method.path() + ": answer of " + size + " bytes is compressed or too large");
          channel.cancel(this);
          return;
        }
        current = new byte[size];
        message = current;
        messageAt = 0;
      }
      int part = Math.min(data.remaining(), current.length - messageAt);
      data.get(current, messageAt, part);
      messageAt += part;
      // A message larger than the window comes only as far as room is given before it is whole.
      if (messageAt == current.length) {
        message = null;
        deliver(current);
      } else if (current.length > Channel.WINDOW / 2) {
        channel.consumed(this, part);
      }
    }
  }

  private synchronized void deliver(byte[] whole) {
    messages.add(whole);
    notifyAll();
  }

  synchronized void end(int status, String text) {
    if (code == OPEN) {
      code = status;
      description = text;
      notifyAll();
    }
  }

  synchronized boolean ended() {
    return code != OPEN;
  }

  @Override
  public void close() {
    if (!ended()) {
      end(StatusException.CANCELLED, "cancelled");
      channel.cancel(this);
    }
  }
}
