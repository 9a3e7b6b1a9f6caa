package dev.carafe.ttrpc;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import java.io.IOException;
import java.nio.channels.ByteChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Answers calls, each on a virtual thread of its own. A handler's failure is told to its caller;
 * clients, their calls in flight and their messages are bounded.
 */
public final class TtrpcServer implements AutoCloseable {
  /** How many clients may be connected; more are turned away. */
  public static final int MOST_CLIENTS = 8192;

  private final Map<String, Handler> handlers;
  private final Function<Throwable, TtrpcException> failures;
  private final Set<ServerConnection> clients = ConcurrentHashMap.newKeySet();
  private final Set<ServerSocketChannel> sockets = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  sealed interface Handler {
    /** One message in, one out. */
    record Unary(Parser<? extends MessageLite> parser, UnaryMethod<MessageLite> method)
        implements Handler {}

    /** Any number in and out. */
    record Streaming(StreamingMethod method) implements Handler {}
  }

  /** What a call does. */
  @FunctionalInterface
  public interface UnaryMethod<T extends MessageLite> {
    /** An interrupt means that the caller's time is up or that it is gone. */
    MessageLite call(ServerCall call, T argument) throws Exception;
  }

  /** What a call with several messages does. */
  @FunctionalInterface
  public interface StreamingMethod {
    /** The stream ends when this returns. */
    void call(ServerCall call, ServerStream stream) throws Exception;
  }

  private TtrpcServer(Map<String, Handler> handlers, Function<Throwable, TtrpcException> failures) {
    this.handlers = Map.copyOf(handlers);
    this.failures = failures;
  }

  public static Builder builder() {
    return new Builder();
  }

  /** Accepts clients in the background until this is closed, which closes the socket too. */
  public void listen(ServerSocketChannel socket) {
    sockets.add(socket);
    Thread.ofVirtual().name("ttrpc accept").start(() -> accept(socket));
  }

  private void accept(ServerSocketChannel socket) {
    try {
      while (!closed) {
        SocketChannel client = socket.accept();
        if (clients.size() >= MOST_CLIENTS) {
          client.close();
        } else {
          serve(client, "client");
        }
      }
    } catch (IOException e) {
      if (!closed) {
        throw new IllegalStateException("ttrpc socket: " + e.getMessage(), e);
      }
    }
  }

  /** Answers on a channel that is connected already, and closes it in the end. */
  public void serve(ByteChannel channel, String peer) {
    var client = new ServerConnection(handlers, failures, new FrameConnection(channel, peer));
    clients.add(client);
    client.closed().thenRun(() -> clients.remove(client));
    client.start();
    if (closed) {
      client.close();
    }
  }

  /** Takes no more clients and cuts off those that are connected. */
  @Override
  public void close() {
    closed = true;
    for (ServerSocketChannel socket : sockets) {
      try {
        socket.close();
      } catch (IOException _) {
        // Nothing is lost with it.
      }
    }
    clients.forEach(ServerConnection::close);
  }

  /** Collects what a server answers to. */
  public static final class Builder {
    private final Map<String, Handler> handlers = new HashMap<>();
    private Function<Throwable, TtrpcException> failures = Builder::unknown;

    private Builder() {}

    /** Adds a call. */
    @SuppressWarnings("unchecked") // The parser makes what the method takes.
    public <T extends MessageLite> Builder unary(
        String service, String method, Parser<T> parser, UnaryMethod<T> handler) {
      return add(service, method, new Handler.Unary(parser, (UnaryMethod<MessageLite>) handler));
    }

    /** Adds a call with several messages. */
    public Builder streaming(String service, String method, StreamingMethod handler) {
      return add(service, method, new Handler.Streaming(handler));
    }

    private Builder add(String service, String method, Handler handler) {
      if (handlers.putIfAbsent(service + "/" + method, handler) != null) {
        throw new IllegalArgumentException(service + "/" + method + ": is there already");
      }
      return this;
    }

    /** How failures that are no {@link TtrpcException} are told; as UNKNOWN by default. */
    public Builder failures(Function<Throwable, TtrpcException> translation) {
      failures = translation;
      return this;
    }

    private static TtrpcException unknown(Throwable failure) {
      @Nullable String message = failure.getMessage();
      return new TtrpcException(
          StatusCode.UNKNOWN, message == null ? failure.toString() : message, failure);
    }

    public TtrpcServer build() {
      return new TtrpcServer(handlers, failures);
    }
  }
}
