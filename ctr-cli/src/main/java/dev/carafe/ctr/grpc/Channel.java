package dev.carafe.ctr.grpc;

import com.google.protobuf.MessageLite;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A connection to a daemon (RFC 9113 over a Unix socket, gRPC over HTTP/2). Calls may be made from many threads. When the connection breaks,
 * every call ends as unavailable.
 */
public final class Channel implements AutoCloseable {
  static final int MESSAGE_LIMIT = 16 << 20;
  static final int WINDOW = 4 << 20;
  private static final int DEFAULT_WINDOW = 65_535;
  private static final int FRAME = 16_384;

  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int RST_STREAM = 3;
  private static final int SETTINGS = 4;
  private static final int PING = 6;
  private static final int GOAWAY = 7;
  private static final int WINDOW_UPDATE = 8;
  private static final int CONTINUATION = 9;
  private static final int END_STREAM = 1;
  private static final int ACK = 1;
  private static final int END_HEADERS = 4;
  private static final int PADDED = 8;
  private static final int PRIORITY = 32;

  private final SocketChannel socket;
  private final List<String[]> headers;
  private final Map<Integer, Call<?, ?>> calls = new ConcurrentHashMap<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition windows = lock.newCondition();
  private final Hpack hpack = new Hpack();
  private int nextStream = 1;
  private long sendWindow = DEFAULT_WINDOW;
  private int initialWindow = DEFAULT_WINDOW;
  private int frameSize = FRAME;
  private boolean closed;

  private Channel(SocketChannel socket, Map<String, String> metadata) {
    this.socket = socket;
    this.headers = new ArrayList<>();
    metadata.forEach((name, value) -> headers.add(new String[] {name, value}));
  }

  /**
   * Connects.
   *
   * @param metadata sent with every call
   * @throws StatusException unavailable, if nobody listens there
   */
  public static Channel connect(Path socket, Map<String, String> metadata) {
    try {
      SocketChannel connection = SocketChannel.open(StandardProtocolFamily.UNIX);
      try {
        connection.connect(UnixDomainSocketAddress.of(socket));
        Channel channel = new Channel(connection, metadata);
        channel.greet();
        Thread.ofPlatform().daemon().name("reader").stackSize(256 << 10).start(channel::read);
        return channel;
      } catch (IOException | RuntimeException e) {
        connection.close();
        throw e;
      }
    } catch (IOException e) {
      throw new StatusException(
          StatusException.UNAVAILABLE, "daemon at " + socket + " does not answer: " + e.getMessage());
    }
  }

  private void greet() throws IOException {
    ByteBuffer hello = ByteBuffer.allocate(128);
    hello.put("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    head(hello, 18, SETTINGS, 0, 0);
    hello.putShort((short) 2).putInt(0);
    hello.putShort((short) 3).putInt(0);
    hello.putShort((short) 4).putInt(WINDOW);
    head(hello, 4, WINDOW_UPDATE, 0, 0);
    hello.putInt(WINDOW * 8);
    write(hello.flip());
  }

  /** A call with one request and one answer. */
  public <Q extends MessageLite, R> R unary(Method<Q, R> method, Q request) {
    try (Call<Q, R> call = open(method, Map.of())) {
      call.send(request);
      call.halfClose();
      R answer = call.receive();
      if (answer == null) {
        throw new StatusException(StatusException.INTERNAL, method.path() + ": no answer");
      }
      call.receive();
      return answer;
    }
  }

  /** A call with one request and a stream of answers. */
  public <Q extends MessageLite, R> Call<Q, R> stream(Method<Q, R> method, Q request) {
    Call<Q, R> call = open(method, Map.of());
    call.send(request);
    call.halfClose();
    return call;
  }

  /**
   * Begins a call.
   *
   * @param metadata sent beside the channel's
   */
  public <Q extends MessageLite, R> Call<Q, R> open(Method<Q, R> method, Map<String, String> metadata) {
    List<String[]> all = new ArrayList<>();
    all.add(new String[] {":method", "POST"});
    all.add(new String[] {":scheme", "http"});
    all.add(new String[] {":path", method.path()});
    all.add(new String[] {":authority", "localhost"});
    all.add(new String[] {"content-type", "application/grpc"});
    all.add(new String[] {"te", "trailers"});
    all.add(new String[] {"user-agent", "carafe"});
    all.addAll(headers);
    metadata.forEach((name, value) -> all.add(new String[] {name, value}));
    byte[] block = Hpack.encode(all);
    lock.lock();
    try {
      if (closed) {
        throw lost();
      }
      int stream = nextStream;
      nextStream += 2;
      Call<Q, R> call = new Call<>(this, stream, method, initialWindow);
      calls.put(stream, call);
      ByteBuffer frame = ByteBuffer.allocate(9 + block.length);
      head(frame, block.length, HEADERS, END_HEADERS, stream);
      write(frame.put(block).flip());
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
        while (data.hasRemaining() && Math.min(sendWindow, call.sendWindow) <= 0 && !closed && !call.ended()) {
          windows.awaitUninterruptibly();
        }
        if (closed) {
          throw lost();
        }
        if (call.ended()) {
          return;
        }
        int length = (int) Math.min(Math.min(data.remaining(), frameSize), Math.min(sendWindow, call.sendWindow));
        length = data.hasRemaining() ? length : 0;
        ByteBuffer frame = ByteBuffer.allocate(9 + length);
        head(frame, length, DATA, end && length == data.remaining() ? END_STREAM : 0, call.stream);
        frame.put(data.slice(data.position(), length));
        data.position(data.position() + length);
        sendWindow -= length;
        call.sendWindow -= length;
        write(frame.flip());
      } while (data.hasRemaining());
    } finally {
      lock.unlock();
    }
  }

  /** Gives the peer room for what was consumed. */
  void consumed(Call<?, ?> call, int bytes) {
    if (bytes > 0 && !call.ended()) {
      control(4, WINDOW_UPDATE, 0, call.stream, ByteBuffer.allocate(4).putInt(0, bytes));
    }
  }

  void cancel(Call<?, ?> call) {
    if (calls.remove(call.stream) != null) {
      control(4, RST_STREAM, 0, call.stream, ByteBuffer.allocate(4).putInt(0, 8));
    }
  }

  private void control(int length, int type, int flags, int stream, ByteBuffer payload) {
    lock.lock();
    try {
      if (!closed) {
        ByteBuffer frame = ByteBuffer.allocate(9 + length);
        head(frame, length, type, flags, stream);
        write(frame.put(payload).flip());
      }
    } finally {
      lock.unlock();
    }
  }

  private void write(ByteBuffer bytes) {
    lock.lock();
    try {
      while (bytes.hasRemaining()) {
        socket.write(bytes);
      }
    } catch (IOException e) {
      fail();
      throw lost();
    } finally {
      lock.unlock();
    }
  }

  private static void head(ByteBuffer frame, int length, int type, int flags, int stream) {
    frame.put((byte) (length >> 16)).putShort((short) length).put((byte) type).put((byte) flags).putInt(stream);
  }

  private static StatusException lost() {
    return new StatusException(StatusException.UNAVAILABLE, "connection to the daemon is closed");
  }

  // ---- the reader's side

  private void read() {
    ByteBuffer in = ByteBuffer.allocate(64 << 10).flip();
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    boolean blockEnds = false;
    try {
      while (true) {
        in = fill(in, 9);
        int length = (in.get() & 0xff) << 16 | in.getShort() & 0xffff;
        int type = in.get();
        int flags = in.get();
        int stream = in.getInt() & Integer.MAX_VALUE;
        if (length > FRAME) {
          throw new EOFException("frame of " + length + " bytes");
        }
        in = fill(in, length);
        ByteBuffer payload = in.slice(in.position(), length);
        in.position(in.position() + length);
        switch (type) {
          case DATA -> data(stream, flags, length, unpadded(payload, flags));
          case HEADERS -> {
            ByteBuffer fragment = unpadded(payload, flags);
            if ((flags & PRIORITY) != 0) {
              fragment.position(fragment.position() + 5);
            }
            block.reset();
            append(block, fragment);
            blockEnds = (flags & END_STREAM) != 0;
          }
          case CONTINUATION -> append(block, payload);
          case RST_STREAM -> end(stream, StatusException.CANCELLED, "stream was reset (" + payload.getInt() + ")");
          case SETTINGS -> settings(flags, payload);
          case PING -> {
            if ((flags & ACK) == 0) {
              control(8, PING, ACK, 0, payload);
            }
          }
          case WINDOW_UPDATE -> window(stream, payload.getInt() & Integer.MAX_VALUE);
          case GOAWAY -> goAway(payload.getInt() & Integer.MAX_VALUE);
          default -> {}
        }
        if ((type == HEADERS || type == CONTINUATION) && (flags & END_HEADERS) != 0) {
          headers(stream, hpack.decode(block.toByteArray()), blockEnds);
        }
      }
    } catch (IOException | RuntimeException e) {
      fail();
    }
  }

  private ByteBuffer fill(ByteBuffer in, int wanted) throws IOException {
    if (in.remaining() >= wanted) {
      return in;
    }
    in.compact();
    while (in.position() < wanted) {
      if (socket.read(in) < 0) {
        throw new EOFException("daemon closed the connection");
      }
    }
    return in.flip();
  }

  private static void append(ByteArrayOutputStream block, ByteBuffer fragment) throws EOFException {
    if (block.size() + fragment.remaining() > 1 << 20) {
      throw new EOFException("headers are too long");
    }
    byte[] bytes = new byte[fragment.remaining()];
    fragment.get(bytes);
    block.writeBytes(bytes);
  }

  private static ByteBuffer unpadded(ByteBuffer payload, int flags) {
    if ((flags & PADDED) != 0) {
      int padding = payload.get() & 0xff;
      payload.limit(payload.limit() - padding);
    }
    return payload;
  }

  private void data(int stream, int flags, int length, ByteBuffer data) {
    Call<?, ?> call = calls.get(stream);
    if (call != null) {
      call.received(data);
    }
    if (length > 0) {
      control(4, WINDOW_UPDATE, 0, 0, ByteBuffer.allocate(4).putInt(0, length));
    }
    if ((flags & END_STREAM) != 0) {
      end(stream, StatusException.INTERNAL, "stream ended without a status");
    }
  }

  private void headers(int stream, Map<String, String> received, boolean ends) {
    String status = received.get("grpc-status");
    if (status != null) {
      end(stream, number(status), Percent.decode(received.getOrDefault("grpc-message", "")));
    } else if (ends || !received.getOrDefault(":status", "200").equals("200")) {
      end(stream, StatusException.UNKNOWN, "HTTP status " + received.get(":status"));
    }
  }

  private static int number(String status) {
    try {
      return Integer.parseInt(status);
    } catch (NumberFormatException e) {
      return StatusException.UNKNOWN;
    }
  }

  private void end(int stream, int code, String message) {
    Call<?, ?> call = calls.remove(stream);
    if (call != null) {
      call.end(code, message);
      wakeSenders();
    }
  }

  private void settings(int flags, ByteBuffer payload) {
    if ((flags & ACK) != 0) {
      return;
    }
    lock.lock();
    try {
      while (payload.remaining() >= 6) {
        int id = payload.getShort();
        int value = payload.getInt();
        if (id == 4) {
          int change = value - initialWindow;
          initialWindow = value;
          calls.values().forEach(call -> call.sendWindow += change);
        } else if (id == 5) {
          frameSize = Math.max(FRAME, value);
        }
      }
      windows.signalAll();
    } finally {
      lock.unlock();
    }
    control(0, SETTINGS, ACK, 0, ByteBuffer.allocate(0));
  }

  private void window(int stream, int more) {
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

  private void goAway(int lastStream) {
    for (int stream : List.copyOf(calls.keySet())) {
      if (stream > lastStream) {
        end(stream, StatusException.UNAVAILABLE, "daemon is shutting down");
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

  private void fail() {
    lock.lock();
    try {
      closed = true;
      windows.signalAll();
    } finally {
      lock.unlock();
    }
    calls.values().forEach(call -> call.end(StatusException.UNAVAILABLE, "connection to the daemon is closed"));
    calls.clear();
    try {
      socket.close();
    } catch (IOException e) {
      // Nothing is lost: the connection is of no more use.
    }
  }

  /** Cancels what is under way. Idempotent. */
  @Override
  public void close() {
    fail();
  }
}
