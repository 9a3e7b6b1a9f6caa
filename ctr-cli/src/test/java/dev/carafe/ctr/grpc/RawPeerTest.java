package dev.carafe.ctr.grpc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Empty;
import com.google.protobuf.StringValue;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What grpc-java's server does not send: rare frames, hostile ones, nothing at all. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RawPeerTest {
  private static final Method<Empty, StringValue> METHOD =
      Method.of("a.B", "C", StringValue.parser());
  private static final int PREFACE = 24;

  private Path socket;
  private ServerSocketChannel server;

  @BeforeEach
  void listen(@TempDir Path directory) throws IOException {
    socket = directory.resolve("s");
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  private interface Script {
    void play(SocketChannel peer) throws IOException;
  }

  private Channel against(Script script) {
    Thread.ofVirtual()
        .start(() -> {
          try (SocketChannel peer = server.accept()) {
            script.play(peer);
          } catch (IOException e) {
            // The test has seen enough and closed its side.
          }
        });
    return Channel.connect(socket, Map.of(), Duration.ofMillis(300));
  }

  private static void frame(SocketChannel peer, int type, int flags, int stream, byte[] payload)
      throws IOException {
    ByteBuffer frame = ByteBuffer.allocate(Frame.HEAD + payload.length);
    Frame.head(frame, payload.length, type, flags, stream);
    frame.put(payload).flip();
    while (frame.hasRemaining()) {
      peer.write(frame);
    }
  }

  private static byte[] read(SocketChannel peer, int length) throws IOException {
    ByteBuffer in = ByteBuffer.allocate(length);
    while (in.hasRemaining()) {
      if (peer.read(in) < 0) {
        throw new IOException("closed");
      }
    }
    return in.array();
  }

  /** The payload of the next frame of a type; others are skipped. */
  private static byte[] await(SocketChannel peer, int type) throws IOException {
    while (true) {
      ByteBuffer head = ByteBuffer.wrap(read(peer, Frame.HEAD));
      int length = (head.get() & 0xff) << 16 | head.getShort() & 0xffff;
      int found = head.get();
      byte[] payload = read(peer, length);
      if (found == type) {
        return payload;
      }
    }
  }

  private static void greet(SocketChannel peer) throws IOException {
    read(peer, PREFACE);
    frame(peer, Frame.SETTINGS, 0, 0, new byte[0]);
  }

  private static byte[] message(String text) {
    byte[] message = StringValue.of(text).toByteArray();
    return ByteBuffer.allocate(5 + message.length)
        .put((byte) 0)
        .putInt(message.length)
        .put(message)
        .array();
  }

  private static byte[] trailers(String status, String message) {
    return Hpack.encode(List.of("grpc-status", status, "grpc-message", message));
  }

  private static String call(Channel channel) {
    return channel.unary(METHOD, Empty.getDefaultInstance()).getValue();
  }

  private static StatusException failed(Channel channel) {
    return assertThrows(StatusException.class, () -> call(channel));
  }

  @Test
  void nobodyListens(@TempDir Path empty) {
    StatusException e =
        assertThrows(StatusException.class, () -> Channel.connect(empty.resolve("none"), Map.of()));

    assertEquals(StatusException.UNAVAILABLE, e.code());
    assertTrue(e.getMessage().startsWith("daemon at " + empty), e.getMessage());
  }

  @Test
  void mutePeerIsGivenUp() {
    try (Channel channel = against(peer -> read(peer, 1 << 20))) {
      StatusException e = failed(channel);
      assertEquals(StatusException.UNAVAILABLE, e.code());
      assertEquals("daemon does not answer", e.getMessage());
    }
  }

  @Test
  void peerThatSpeaksSomethingElseIsGivenUp() {
    byte[] http1 = "HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    try (Channel channel =
        against(peer -> {
          peer.write(ByteBuffer.wrap(http1));
          read(peer, 1 << 20);
        })) {
      StatusException e = failed(channel);
      assertEquals(StatusException.UNAVAILABLE, e.code());
      assertTrue(e.getMessage().contains("frame of"), e.getMessage());
    }
  }

  @Test
  void paddedAndContinuedFramesAreUnderstood() {
    try (Channel channel =
        against(peer -> {
          greet(peer);
          await(peer, Frame.DATA);
          byte[] headers = Hpack.encode(List.of(":status", "200", "x", "y".repeat(100)));
          byte[] first = new byte[6 + 10 + 4];
          first[0] = 4; // padding
          System.arraycopy(headers, 0, first, 6, 10); // behind the priority
          frame(peer, Frame.HEADERS, Frame.PADDED | Frame.PRIORITY, 1, first);
          byte[] rest = Arrays.copyOfRange(headers, 10, headers.length);
          frame(peer, Frame.CONTINUATION, Frame.END_HEADERS, 1, rest);
          byte[] message = message("hello");
          byte[] padded = new byte[1 + message.length + 7];
          padded[0] = 7;
          System.arraycopy(message, 0, padded, 1, message.length);
          frame(peer, Frame.DATA, Frame.PADDED, 1, padded);
          frame(peer, 0x42, 0, 1, new byte[3]); // unknown types are passed over
          int flags = Frame.END_HEADERS | Frame.END_STREAM;
          frame(peer, Frame.HEADERS, flags, 1, trailers("0", ""));
          read(peer, 1 << 20);
        })) {
      assertEquals("hello", call(channel));
    }
  }

  @Test
  void pingIsAnswered() {
    byte[] ping = {1, 2, 3, 4, 5, 6, 7, 8};
    try (Channel channel =
        against(peer -> {
          greet(peer);
          await(peer, Frame.DATA);
          frame(peer, Frame.PING, 0, 0, ping);
          byte[] pong = await(peer, Frame.PING);
          String seen = Arrays.equals(ping, pong) ? "same" : "other";
          frame(peer, Frame.HEADERS, Frame.END_HEADERS | Frame.END_STREAM, 1, trailers("9", seen));
          read(peer, 1 << 20);
        })) {
      assertEquals("same", failed(channel).getMessage());
    }
  }

  @Test
  void windowOfOneByteIsRespected() {
    ByteArrayOutputStream got = new ByteArrayOutputStream();
    try (Channel channel =
        against(peer -> {
          read(peer, PREFACE);
          byte[] one = {0, Frame.INITIAL_WINDOW_SIZE, 0, 0, 0, 1};
          frame(peer, Frame.SETTINGS, 0, 0, one);
          while (got.size() < 9) {
            byte[] part = await(peer, Frame.DATA);
            assertTrue(part.length <= 1);
            got.write(part);
            frame(peer, Frame.WINDOW_UPDATE, 0, 1, new byte[] {0, 0, 0, 1});
          }
          int flags = Frame.END_HEADERS | Frame.END_STREAM;
          frame(peer, Frame.HEADERS, flags, 1, trailers("9", "done"));
          read(peer, 1 << 20);
        })) {
      try (var call = channel.open(Method.of("a.B", "C", StringValue.parser()))) {
        // Settings may come behind the first frame: wait for them by an empty exchange.
        awaitGreeting(channel);
        call.sendLast(StringValue.of("ab"));
        assertThrows(StatusException.class, call::receive);
      }
    }
    assertArrayEquals(message("ab"), got.toByteArray());
  }

  private static void awaitGreeting(Channel channel) {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (channel.patience() != 0 && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  @Test
  void streamWithoutStatusIsAnError() {
    try (Channel channel =
        against(peer -> {
          greet(peer);
          await(peer, Frame.DATA);
          frame(peer, Frame.DATA, Frame.END_STREAM, 1, message("x"));
          read(peer, 1 << 20);
        })) {
      assertEquals("stream ended without a status", failed(channel).getMessage());
    }
  }

  @Test
  void answerCutShortIsAnError() {
    try (Channel channel =
        against(peer -> {
          greet(peer);
          await(peer, Frame.DATA);
          frame(peer, Frame.DATA, 0, 1, Arrays.copyOf(message("hello"), 8));
          int flags = Frame.END_HEADERS | Frame.END_STREAM;
          frame(peer, Frame.HEADERS, flags, 1, trailers("0", ""));
          read(peer, 1 << 20);
        })) {
      assertTrue(failed(channel).getMessage().contains("cut short"));
    }
  }

  @Test
  void resetAndProxyErrorsAreTranslated() {
    try (Channel channel =
        against(peer -> {
          greet(peer);
          await(peer, Frame.DATA);
          frame(peer, Frame.RST_STREAM, 0, 1, new byte[] {0, 0, 0, 7});
          await(peer, Frame.DATA);
          byte[] html = Hpack.encode(List.of(":status", "503"));
          frame(peer, Frame.HEADERS, Frame.END_HEADERS | Frame.END_STREAM, 3, html);
          read(peer, 1 << 20);
        })) {
      assertEquals(StatusException.UNAVAILABLE, failed(channel).code());
      assertTrue(failed(channel).getMessage().contains("503"));
    }
  }

  @Test
  void goAwayEndsCallsThatWillNotBeAnswered() {
    try (Channel channel =
        against(peer -> {
          greet(peer);
          await(peer, Frame.DATA);
          frame(peer, Frame.GOAWAY, 0, 0, new byte[8]);
          read(peer, 1 << 20);
        })) {
      assertEquals("daemon is shutting down", failed(channel).getMessage());
      assertEquals("daemon is shutting down", failed(channel).getMessage());
    }
  }

  @Test
  void brokenFramesEndTheConnection() {
    for (byte[] settings : List.of(new byte[] {0, 4, -1, -1, -1, -1})) {
      try (Channel channel =
          against(peer -> {
            read(peer, PREFACE);
            frame(peer, Frame.SETTINGS, 0, 0, settings);
            read(peer, 1 << 20);
          })) {
        assertEquals(StatusException.UNAVAILABLE, failed(channel).code());
      }
    }
    try (Channel channel =
        against(peer -> {
          greet(peer);
          await(peer, Frame.DATA);
          frame(peer, Frame.DATA, Frame.PADDED, 1, new byte[] {100, 0});
          read(peer, 1 << 20);
        })) {
      assertEquals(StatusException.UNAVAILABLE, failed(channel).code());
    }
  }

  @Test
  void compressedAnswerIsRefused() {
    byte[] compressed = message("x");
    compressed[0] = 1;
    try (Channel channel =
        against(peer -> {
          greet(peer);
          await(peer, Frame.DATA);
          frame(peer, Frame.DATA, 0, 1, compressed);
          await(peer, Frame.RST_STREAM);
        })) {
      assertTrue(failed(channel).getMessage().contains("compressed"));
    }
  }
}
