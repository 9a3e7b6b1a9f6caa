package dev.carafe.ctr.grpc;

import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a daemon: gRPC over HTTP/2 (RFC 9113) over a Unix socket. Calls may be made from
 * many threads. When the connection breaks, every call ends as unavailable.
 *
 * <p>One lock orders everything that is sent; a thread of its own reads ({@link FrameReader}). What
 * the peer may send before it is asked to go on is one message of the largest size for each call.
 */
public final class Channel implements AutoCloseable {
  static final int MESSAGE_LIMIT = 16 << 20;

  /** How many bytes are consumed before the peer hears of it. */
  static final int CREDIT = 64 << 10;

  /** Room for the largest message while less than one credit is held back. */
  static final int WINDOW = MESSAGE_LIMIT + 2 * CREDIT;

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int DEFAULT_WINDOW = 65_535;
  private static final int CANCEL = 8;
  private static final byte[] PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private final SocketChannel socket;
  private final Map<String, String> metadata;
  private final Map<Integer, Call<?, ?>> calls = new ConcurrentHashMap<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition windows = lock.newCondition();
  private int nextStream = 1;
  private long sendWindow = DEFAULT_WINDOW;
  private int initialWindow = DEFAULT_WINDOW;
  private int frameSize = Frame.SIZE;
  private @Nullable String refusal;
  private boolean closed;
  private final long greetedBy;
  private volatile boolean greeted;

  private Channel(SocketChannel socket, Map<String, String> metadata, Duration patience) {
    this.socket = socket;
    this.greetedBy = System.nanoTime() + patience.toNanos();
    this.metadata = Map.copyOf(metadata);
  }

  /**
   * Connects.
   *
   * @param metadata sent with every call
   * @throws StatusException unavailable, if nobody listens there
   */
  public static Channel connect(Path socket, Map<String, String> metadata) {
    return connect(socket, metadata, PATIENCE);
  }

  static Channel connect(Path socket, Map<String, String> metadata, Duration patience) {
    try {
      SocketChannel connection = SocketChannel.open(StandardProtocolFamily.UNIX);
      try {
        connection.connect(UnixDomainSocketAddress.of(socket));
        Channel channel = new Channel(connection, metadata, patience);
        channel.greet();
        FrameReader reader = new FrameReader(connection, channel);
        Thread.ofPlatform().daemon().name("reader").start(reader);
        return channel;
      } catch (IOException | RuntimeException e) {
        connection.close();
        throw e;
      }
    } catch (IOException e) {
      throw new StatusException(
          StatusException.UNAVAILABLE, "daemon at " + socket + ": " + e.getMessage());
    }
  }

  private void greet() {
    ByteBuffer hello = ByteBuffer.allocate(64);
    hello.put(PREFACE);
    Frame.head(hello, 12, Frame.SETTINGS, 0, 0);
    hello.putShort((short) Frame.ENABLE_PUSH).putInt(0);
    hello.putShort((short) Frame.INITIAL_WINDOW_SIZE).putInt(WINDOW);
    Frame.head(hello, 4, Frame.WINDOW_UPDATE, 0, 0);
    hello.putInt(WINDOW);
    write(hello.flip());
  }

  /** A call with one request and one answer. */
  public <Q extends MessageLite, R> R unary(Method<Q, R> method, Q request) {
    return unary(method, request, Map.of());
  }

  /**
   * A call with one request and one answer.
   *
   * @param more metadata sent beside the channel's
   */
  public <Q extends MessageLite, R> R unary(
      Method<Q, R> method, Q request, Map<String, String> more) {
    try (Call<Q, R> call = open(method, more)) {
      call.sendLast(request);
      R answer = call.receive();
      if (answer == null || call.receive() != null) {
        throw new StatusException(
            StatusException.INTERNAL, method.path() + ": not exactly one answer");
      }
      return answer;
    }
  }

  /** A call with one request and a stream of answers. */
  public <Q extends MessageLite, R> Call<Q, R> stream(Method<Q, R> method, Q request) {
    Call<Q, R> call = open(method);
    call.sendLast(request);
    return call;
  }

  /** Begins a call. */
  public <Q extends MessageLite, R> Call<Q, R> open(Method<Q, R> method) {
    return open(method, Map.of());
  }

  /** Begins a call with metadata beside the channel's. */
  public <Q extends MessageLite, R> Call<Q, R> open(Method<Q, R> method, Map<String, String> more) {
    List<String> headers = new ArrayList<>();
    headers.addAll(List.of(":method", "POST", ":scheme", "http", ":path", method.path()));
    headers.addAll(List.of(":authority", "localhost", "content-type", "application/grpc"));
    headers.addAll(List.of("te", "trailers", "user-agent", "carafe"));
    metadata.forEach((name, value) -> headers.addAll(List.of(name, value)));
    more.forEach((name, value) -> headers.addAll(List.of(name, value)));
    byte[] block = Hpack.encode(headers);
    lock.lock();
    try {
      String why = refusal;
      if (why != null) {
        throw new StatusException(StatusException.UNAVAILABLE, why);
      }
      int stream = nextStream;
      nextStream += 2;
      Call<Q, R> call = new Call<>(this, stream, method, initialWindow);
      calls.put(stream, call);
      control(Frame.HEADERS, Frame.END_HEADERS, stream, ByteBuffer.wrap(block));
      return call;
    } finally {
      lock.unlock();
    }
  }

  /** Sends data as far as the peer's windows allow, waiting where they do not. */
  void send(Call<?, ?> call, ByteBuffer data, boolean end) {
    lock.lock();
    try {
      do {
        while (data.hasRemaining() && room(call) <= 0 && !closed && !call.ended()) {
          windows.awaitUninterruptibly();
        }
        if (call.ended()) {
          return;
        }
        int length = (int) Math.min(data.remaining(), Math.max(0, room(call)));
        boolean last = end && length == data.remaining();
        ByteBuffer part = data.slice(data.position(), length);
        data.position(data.position() + length);
        sendWindow -= length;
        call.sendWindow -= length;
        control(Frame.DATA, last ? Frame.END_STREAM : 0, call.stream, part);
      } while (data.hasRemaining());
    } finally {
      lock.unlock();
    }
  }

  private long room(Call<?, ?> call) {
    return Math.min(frameSize, Math.min(sendWindow, call.sendWindow));
  }

  /** Gives the peer room for what was consumed. */
  void grant(int stream, int bytes) {
    control(Frame.WINDOW_UPDATE, 0, stream, ByteBuffer.allocate(4).putInt(0, bytes));
  }

  void cancel(Call<?, ?> call) {
    if (calls.remove(call.stream) != null) {
      control(Frame.RST_STREAM, 0, call.stream, ByteBuffer.allocate(4).putInt(0, CANCEL));
      wakeSenders();
    }
  }

  /** Sends a whole frame, unless the connection is closed: then every call knows already. */
  void control(int type, int flags, int stream, ByteBuffer payload) {
    ByteBuffer frame = ByteBuffer.allocate(Frame.HEAD + payload.remaining());
    Frame.head(frame, payload.remaining(), type, flags, stream);
    write(frame.put(payload).flip());
  }

  private void write(ByteBuffer bytes) {
    lock.lock();
    try {
      while (bytes.hasRemaining() && !closed) {
        socket.write(bytes);
      }
    } catch (IOException e) {
      fail("connection to the daemon: " + e.getMessage());
    } finally {
      lock.unlock();
    }
  }

  /**
   * For how many milliseconds to wait: 0 for any time once the peer has said a word, less than 0 if
   * it should have by now.
   */
  long patience() {
    return greeted ? 0 : Math.floorDiv(greetedBy - System.nanoTime(), 1_000_000L) | 1;
  }

  // ---- what the reader learns

  @Nullable Call<?, ?> call(int stream) {
    return calls.get(stream);
  }

  void end(int stream, int code, String message) {
    Call<?, ?> call = calls.remove(stream);
    if (call != null) {
      call.end(code, message);
      wakeSenders();
    }
  }

  void settings(ByteBuffer settings) throws IOException {
    lock.lock();
    try {
      while (settings.remaining() >= 6) {
        int id = settings.getShort();
        int value = settings.getInt();
        if (id == Frame.INITIAL_WINDOW_SIZE) {
          if (value < 0) {
            throw new IOException("initial window of " + Integer.toUnsignedString(value));
          }
          long change = (long) value - initialWindow;
          initialWindow = value;
          calls.values().forEach(call -> call.sendWindow += change);
        } else if (id == Frame.MAX_FRAME_SIZE) {
          frameSize = Math.clamp(value, Frame.SIZE, CREDIT);
        }
      }
      greeted = true;
      windows.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void window(int stream, int more) {
    lock.lock();
    try {
      if (stream == 0) {
        sendWindow += more;
      } else {
        Call<?, ?> call = calls.get(stream);
        if (call != null) {
          call.sendWindow += more;
        }
      }
      windows.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The peer takes no more calls and will not answer those after {@code lastStream}. */
  void goAway(int lastStream) {
    String why = "daemon is shutting down";
    lock.lock();
    try {
      refusal = why;
    } finally {
      lock.unlock();
    }
    for (int stream : List.copyOf(calls.keySet())) {
      if (stream > lastStream) {
        end(stream, StatusException.UNAVAILABLE, why);
      }
    }
  }

  private void wakeSenders() {
    lock.lock();
    try {
      windows.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void fail(String why) {
    lock.lock();
    try {
      closed = true;
      refusal = why;
      calls.values().forEach(call -> call.end(StatusException.UNAVAILABLE, why));
      calls.clear();
      windows.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      socket.close();
    } catch (IOException e) {
      // Nothing is lost: the connection is of no more use.
    }
  }

  /** Cancels what is under way. Idempotent. */
  @Override
  public void close() {
    fail("connection to the daemon is closed");
  }
}
