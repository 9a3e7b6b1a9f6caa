package dev.carafe.cri.streaming;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.spdy.DefaultSpdyDataFrame;
import io.netty.handler.codec.spdy.DefaultSpdyPingFrame;
import io.netty.handler.codec.spdy.DefaultSpdyRstStreamFrame;
import io.netty.handler.codec.spdy.DefaultSpdySynStreamFrame;
import io.netty.handler.codec.spdy.SpdyFrameCodec;
import io.netty.handler.codec.spdy.SpdyStreamStatus;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostileClientTest {
  private static final String V4 = "v4.channel.k8s.io";
  private static final String PORTS = "portforward.k8s.io";
  private static final PortForwardRequest ANY = new PortForwardRequest("s1", List.of());

  private final Served served =
      Served.start(settings -> {
        settings.streams = 10;
        settings.message = 32 << 10;
        return settings;
      });

  @AfterEach
  void stop() throws Exception {
    // The server still serves others, whatever the client did.
    served.exec((_, _) -> 0);
    try (SpdyClient good = SpdyClient.connect(served.server().exec(Served.outputOnly()), V4)) {
      SpdyClient.Stream error = good.type("error");
      good.type("stdout");
      assertTrue(error.text().contains("Success"));
    } finally {
      served.close();
    }
  }

  /** An exec whose client is past the handshake. */
  private SpdyClient connect() throws Exception {
    return SpdyClient.connect(served.server().exec(Served.plain()), V4);
  }

  @Test
  void aBombOfHeadersEndsItsStreamOrItsConnection() throws Exception {
    try (SpdyClient client = connect()) {
      // When
      String[] headers = new String[200];
      for (int i = 0; i < headers.length; i++) {
        headers[i] = i % 2 == 0 ? "h" + i : "0".repeat(60_000);
      }
      SpdyClient.Stream bomb = client.open(headers);

      // Then
      SpdyClient.get(bomb.reset);
    }
  }

  @Test
  void manyHeadersAreTooMany() throws Exception {
    try (SpdyClient client = connect()) {
      // When
      String[] headers = new String[4000];
      for (int i = 0; i < headers.length; i++) {
        headers[i] = "h" + i;
      }
      SpdyClient.Stream many = client.open(headers);

      // Then
      SpdyClient.get(many.reset);
    }
  }

  @Test
  void streamsBeyondTheLimitAreRefused() throws Exception {
    // Given
    CountDownLatch end = new CountDownLatch(1);
    served.port((_, _, _) -> end.await());
    try (SpdyClient client = SpdyClient.connect(served.server().portForward(ANY), PORTS)) {
      for (int i = 0; i < 5; i++) {
        SpdyClient.get(client.forward("error", 80, i).reply);
        SpdyClient.get(client.forward("data", 80, i).reply);
      }

      // When
      SpdyClient.Stream more = client.forward("error", 80, 99);

      // Then
      assertEquals(SpdyStreamStatus.REFUSED_STREAM, SpdyClient.get(more.reset));
      end.countDown();
    }
  }

  /** As in CVE-2023-44487 of HTTP/2. */
  @Test
  void streamsThatAreResetAtOnceRunNoMoreHandlersThanTheLimit() throws Exception {
    // Given
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch end = new CountDownLatch(1);
    served.port((_, _, _) -> {
      most.accumulateAndGet(running.incrementAndGet(), Math::max);
      boolean interrupted = false;
      while (end.getCount() > 0) {
        try {
          end.await();
        } catch (InterruptedException e) {
          interrupted = true; // A handler that takes its time.
        }
      }
      running.decrementAndGet();
      assertTrue(interrupted);
    });
    try (SpdyClient client = SpdyClient.connect(served.server().portForward(ANY), PORTS)) {
      // When
      for (int i = 0; i < 500; i++) {
        client.forward("error", 80, i);
        client.forward("data", 80, i).resetNow();
      }
      client.send(new DefaultSpdyPingFrame(1));
      SpdyClient.get(client.pong);

      // Then
      assertTrue(most.get() <= 5, most + " handlers ran at once");
      end.countDown();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void streamIdsThatGoBackOrAreNotTheClientsEndTheConnection(int id) throws Exception {
    try (SpdyClient client = connect()) {
      SpdyClient.get(client.type("error").reply);

      // When
      client.send(new DefaultSpdySynStreamFrame(id, 0, (byte) 0));

      // Then
      assertTrue(client.closes());
    }
  }

  @Test
  void dataForAStreamThatWasNeverOpenedEndsTheConnection() throws Exception {
    try (SpdyClient client = connect()) {
      // When
      client.send(new DefaultSpdyDataFrame(99, Unpooled.wrappedBuffer(new byte[10])));

      // Then
      assertTrue(client.closes());
    }
  }

  @Test
  void dataForAStreamThatWasRefusedIsDropped() throws Exception {
    try (SpdyClient client = connect()) {
      // When
      SpdyClient.Stream nonsense = client.type("nonsense");
      SpdyClient.get(nonsense.reset);
      for (int i = 0; i < 64; i++) {
        nonsense.write(new byte[1 << 20]);
      }
      client.send(new DefaultSpdyPingFrame(1));

      // Then
      assertEquals(1, SpdyClient.get(client.pong));
    }
  }

  @Test
  void dataOnStreamsThatTheServerWritesIsDropped() throws Exception {
    // Given
    served.exec((_, streams) -> streams.stdin().read());
    try (SpdyClient client = connect()) {
      SpdyClient.Stream error = client.type("error");
      SpdyClient.Stream stdin = client.type("stdin");
      SpdyClient.Stream stdout = client.type("stdout");
      client.type("stderr");

      // When
      for (int i = 0; i < 32; i++) {
        stdout.write(new byte[1 << 20]);
        error.write(new byte[1 << 20]);
      }
      stdin.write(new byte[] {4});

      // Then
      assertTrue(error.text().contains("\"message\":\"4\""));
    }
  }

  @Test
  void aClientThatOnlySendsPingsAndNeverReadsIsNotAnsweredWithoutBound() throws Exception {
    try (SpdyClient client = connect()) {
      client.reading(false);

      // When
      boolean all = true;
      CountDownLatch sent = new CountDownLatch(1);
      ByteBuf pings = Unpooled.buffer();
      for (int i = 0; i < 100_000; i++) {
        pings.writeInt(0x80030006).writeInt(4).writeInt(1);
      }
      client.channel.pipeline().remove(SpdyFrameCodec.class);
      for (int i = 0; i < 40; i++) {
        client.channel.writeAndFlush(pings.retainedDuplicate()).addListener(_ -> {});
      }
      client.channel.writeAndFlush(pings.retainedDuplicate()).addListener(_ -> sent.countDown());
      all = sent.await(2, TimeUnit.SECONDS);

      // Then
      assertFalse(all, "the server took 49 MB of pings and held the answers");
    }
  }

  @Test
  void bytesThatAreNoFramesEndTheConnection() throws Exception {
    try (SpdyClient client = connect()) {
      // When
      client.channel.pipeline().remove(SpdyFrameCodec.class);
      client.channel.writeAndFlush(
          Unpooled.copiedBuffer("\u0080\u0003\u0000\u0001garbage", StandardCharsets.ISO_8859_1));
      client.channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[100_000]));

      // Then
      assertTrue(client.closes());
    }
  }

  @Test
  void resetsOfStreamsThatAreNotThereAreIgnored() throws Exception {
    try (SpdyClient client = connect()) {
      // When
      for (int i = 1; i < 1000; i += 2) {
        client.send(new DefaultSpdyRstStreamFrame(i, SpdyStreamStatus.CANCEL));
      }
      client.send(new DefaultSpdyPingFrame(7));

      // Then
      assertEquals(7, SpdyClient.get(client.pong));
    }
  }

  @Test
  void aWebSocketMessageThatIsTooBigEndsTheConnectionWithThatReason() throws Exception {
    // Given
    served.exec((_, streams) -> streams.stdin().read());
    try (WebSocketClient client =
        WebSocketClient.connect(served.server().exec(Served.plain()), V4)) {
      // When
      client.send(7, new byte[40_000]);

      // Then
      assertEquals(1009, SpdyClient.get(client.closed));
    }
  }

  @Test
  void aMessageInManyFragmentsIsBoundedToo() throws Exception {
    // Given
    served.exec((_, streams) -> streams.stdin().read());
    try (WebSocketClient client =
        WebSocketClient.connect(served.server().exec(Served.plain()), V4)) {
      // When
      for (int i = 0; i < 5 && !client.closed.isDone(); i++) {
        try {
          client.socket.sendBinary(java.nio.ByteBuffer.allocate(10_000), false).get();
        } catch (java.util.concurrent.ExecutionException e) {
          break; // The server has closed.
        }
      }

      // Then
      assertEquals(1009, SpdyClient.get(client.closed));
    }
  }

  @Test
  void textOnABinaryProtocolEndsTheConnectionWithThatReason() throws Exception {
    // Given
    served.exec((_, streams) -> streams.stdin().read());
    try (WebSocketClient client =
        WebSocketClient.connect(served.server().exec(Served.plain()), V4)) {
      // When
      client.socket.sendText("0hello", true);

      // Then
      assertEquals(1003, SpdyClient.get(client.closed));
    }
  }

  @Test
  void textThatIsNotBase64EndsTheConnectionWithThatReason() throws Exception {
    // Given
    served.exec((_, streams) -> streams.stdin().read());
    try (WebSocketClient client =
        WebSocketClient.connect(served.server().exec(Served.plain()), "v4.base64.channel.k8s.io")) {
      // When
      client.socket.sendText("0!!!!", true);

      // Then
      assertEquals(1007, SpdyClient.get(client.closed));
    }
  }

  /** Opcode 3 means nothing; 0x81 without a mask comes from no client; 0xc2 is compressed. */
  @ParameterizedTest
  @ValueSource(strings = {"83 80 00 00 00 00", "82 01 30", "c2 80 00 00 00 00", "89 fe 01 00"})
  void framesThatMeanNothingEndTheConnection(String hex) throws Exception {
    // Given
    served.exec((_, streams) -> streams.stdin().read());
    try (Socket socket = upgraded(served.server().exec(Served.plain()))) {
      // When
      for (String octet : hex.split(" ")) {
        socket.getOutputStream().write(Integer.parseInt(octet, 16));
      }
      socket.shutdownOutput();

      // Then
      assertTrue(socket.getInputStream().readAllBytes().length < 100);
    }
  }

  private static Socket upgraded(URI url) throws Exception {
    Socket socket = new Socket(url.getHost(), url.getPort());
    socket.setSoTimeout(20_000);
    socket
        .getOutputStream()
        .write(
            ("GET "
                    + url.getPath()
                    + " HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                    + "Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
    InputStream in = socket.getInputStream();
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      head.append((char) in.read());
    }
    assertTrue(head.toString().startsWith("HTTP/1.1 101"), head.toString());
    return socket;
  }

  @ParameterizedTest
  @ValueSource(ints = {10_000, 100_000})
  void headersOfARequestAreBounded(int length) throws Exception {
    // Given
    URI url = served.server().exec(Served.plain());
    try (Socket socket = new Socket(url.getHost(), url.getPort())) {
      socket.setSoTimeout(20_000);

      // When
      String line = length == 10_000 ? "/" + "a".repeat(length) : url.getPath();
      String header = length == 10_000 ? "x" : "a".repeat(length);
      socket
          .getOutputStream()
          .write(
              ("GET " + line + " HTTP/1.1\r\nHost: " + header + "\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));

      // Then
      assertEquals("HTTP/1.1 400", new String(socket.getInputStream().readNBytes(12)));
    }
  }
}
