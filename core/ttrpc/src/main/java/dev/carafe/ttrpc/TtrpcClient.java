package dev.carafe.ttrpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * One connection to a peer, for calls from many threads at once. A peer that hangs holds up a call
 * until its timeout; one that sends what cannot be understood loses the connection, with all calls
 * on it. Nothing is sent twice: whoever wants to try again connects again.
 */
public final class TtrpcClient implements AutoCloseable {
  /** How many calls may be in flight. */
  public static final int MOST_CALLS = 4096;

  /** How long a message may wait for a peer that does not read, where the call has no timeout. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final FrameConnection connection;
  private final Map<Integer, ClientStream> streams = new ConcurrentHashMap<>();
  private final Object order = new Object();
  private int nextStream = 1;

  private TtrpcClient(FrameConnection connection) {
    this.connection = connection;
    connection.closed().thenAccept(this::failAll);
    connection.start(this::received);
  }

  /**
   * Connects to a Unix socket.
   *
   * @throws TtrpcException UNAVAILABLE, {@link TtrpcException#connectionClosed} if nobody listens
   *     there any more; DEADLINE_EXCEEDED if whoever does takes no connection in time
   */
  public static TtrpcClient connect(Path socket, Duration timeout) throws InterruptedException {
    SocketChannel channel;
    try {
      channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    } catch (IOException e) {
      throw unreachable(socket, e);
    }
    var connected = new CompletableFuture<Boolean>();
    Thread.ofVirtual()
        .name("ttrpc connect " + socket)
        .start(() -> {
          try {
            connected.complete(channel.connect(UnixDomainSocketAddress.of(socket)));
          } catch (IOException | RuntimeException e) {
            connected.completeExceptionally(e);
          }
        });
    boolean done = false;
    try {
      connected.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
      done = true;
      return over(channel, socket.toString());
    } catch (TimeoutException e) {
      throw new TtrpcException(
          StatusCode.DEADLINE_EXCEEDED,
          socket + ": no connection within " + timeout.toMillis() + " ms",
          e);
    } catch (ExecutionException e) {
      throw unreachable(socket, e.getCause());
    } finally {
      if (!done) {
        closeQuietly(channel);
      }
    }
  }

  private static TtrpcException unreachable(Path socket, @Nullable Throwable cause) {
    String why = cause == null ? "not reachable" : String.valueOf(cause.getMessage());
    boolean nobody =
        cause instanceof ConnectException || Files.notExists(socket, LinkOption.NOFOLLOW_LINKS);
    return nobody
        ? TtrpcException.closed(socket + ": " + why, cause)
        : new TtrpcException(StatusCode.UNAVAILABLE, socket + ": " + why, cause);
  }

  private static void closeQuietly(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException _) {
      // It was never used.
    }
  }

  /**
   * Speaks over a channel that is connected already, and closes it in the end.
   *
   * @param peer for messages
   */
  public static TtrpcClient over(ByteChannel channel, String peer) {
    return new TtrpcClient(new FrameConnection(channel, peer));
  }

  /**
   * Calls and waits for the answer.
   *
   * @throws TtrpcException what the peer answered, or why there is no answer
   */
  public <T> T call(
      String service, String method, MessageLite argument, Parser<T> parser, CallOptions options)
      throws InterruptedException {
    String label = service + "/" + method;
    long end = System.nanoTime() + options.timeout().toNanos();
    ClientStream stream = open(label, service, method, argument.toByteString(), options, 0);
    try {
      ByteString payload =
          options.hasTimeout()
              ? stream.response().get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS)
              : stream.response().get();
      return Envelopes.parse(parser, payload, label + ": answer");
    } catch (TimeoutException e) {
      throw new TtrpcException(
          StatusCode.DEADLINE_EXCEEDED,
          connection.peer()
              + ": "
              + label
              + ": no answer within "
              + options.timeout().toMillis()
              + " ms",
          e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof TtrpcException failure
          ? failure.again()
          : new TtrpcException(StatusCode.INTERNAL, label + ": " + e.getCause(), e);
    } finally {
      streams.remove(stream.id(), stream);
    }
  }

  /**
   * Opens a stream.
   *
   * @param argument the only message to the peer, or null if they are sent on the stream
   * @param options a timeout counts until the peer has ended the stream
   */
  public ClientStream stream(
      String service, String method, @Nullable MessageLite argument, CallOptions options)
      throws InterruptedException {
    ByteString payload = argument == null ? ByteString.EMPTY : argument.toByteString();
    int flags = argument == null ? Frame.REMOTE_OPEN : Frame.REMOTE_CLOSED;
    return open(service + "/" + method, service, method, payload, options, flags);
  }

  private ClientStream open(
      String label,
      String service,
      String method,
      ByteString payload,
      CallOptions options,
      int flags)
      throws InterruptedException {
    if (streams.size() >= MOST_CALLS) {
      throw new TtrpcException(
          StatusCode.RESOURCE_EXHAUSTED,
          connection.peer() + ": " + MOST_CALLS + " calls are in flight");
    }
    byte[] request = Envelopes.request(service, method, payload, options);
    reserve(label, Frame.HEADER + request.length, options);
    ClientStream stream;
    synchronized (order) {
      stream = new ClientStream(this, label, nextStream, options, flags);
      nextStream += 2;
      if (nextStream < 0) {
        connection.close(TtrpcException.closed(connection.peer() + ": out of stream ids", null));
      }
      streams.put(stream.id(), stream);
      connection.send(new Frame(stream.id(), Frame.Type.REQUEST, flags, request));
    }
    if (connection.isClosed()) {
      stream.fail(connection.reason());
    }
    return stream;
  }

  void reserve(String label, int size, CallOptions options) throws InterruptedException {
    Duration patience = options.hasTimeout() ? options.timeout() : PATIENCE;
    if (!connection.reserve(size, patience)) {
      throw new TtrpcException(
          StatusCode.DEADLINE_EXCEEDED,
          connection.peer() + ": " + label + ": the peer takes no more messages");
    }
  }

  void send(Frame frame) {
    connection.send(frame);
  }

  void forget(ClientStream stream) {
    streams.remove(stream.id(), stream);
  }

  /** Answers to what nobody waits for any more are dropped. */
  private void received(Frame frame) {
    ClientStream stream = streams.get(frame.stream());
    if (stream != null) {
      stream.received(frame);
    }
  }

  private void failAll(TtrpcException reason) {
    streams.values().forEach(stream -> stream.fail(reason));
    streams.clear();
  }

  /** Completes with the reason when the connection has ended, whoever ended it. */
  public CompletableFuture<TtrpcException> closed() {
    return connection.closed().copy();
  }

  /** Ends the connection; calls in flight fail. */
  @Override
  public void close() {
    connection.close();
  }
}
