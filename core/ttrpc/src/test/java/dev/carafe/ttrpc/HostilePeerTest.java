package dev.carafe.ttrpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import com.google.protobuf.Empty;
import com.google.protobuf.StringValue;
import dev.carafe.api.ttrpc.Response;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Peers that lie, babble, and say nothing. */
@Timeout(60)
class HostilePeerTest {
  private static final CallOptions SHORT = CallOptions.NONE.withTimeout(Duration.ofMillis(300));
  private static final CallOptions LONG = CallOptions.NONE.withTimeout(Duration.ofSeconds(20));

  @TempDir Path directory;

  private TtrpcException call(RawPeer.Behaviour behaviour, CallOptions options) throws Exception {
    try (RawPeer peer = new RawPeer(directory.resolve("s"), behaviour);
        TtrpcClient client = TtrpcClient.connect(peer.socket(), Duration.ofSeconds(5))) {
      return assertThrows(
          TtrpcException.class,
          () -> client.call("s", "m", Empty.getDefaultInstance(), StringValue.parser(), options));
    }
  }

  @Test
  void nobodyThere() {
    var failure =
        assertThrows(
            TtrpcException.class,
            () -> TtrpcClient.connect(directory.resolve("none"), Duration.ofSeconds(1)));
    assertEquals(StatusCode.UNAVAILABLE, failure.code());
  }

  @Test
  void silence() throws Exception {
    assertEquals(StatusCode.DEADLINE_EXCEEDED, call(RawPeer::hang, SHORT).code());
  }

  @Test
  void hangingUp() throws Exception {
    TtrpcException failure = call(RawPeer::readFrame, LONG);
    assertEquals(StatusCode.UNAVAILABLE, failure.code());
    assertTrue(failure.connectionClosed());
  }

  @Test
  void text() throws Exception {
    TtrpcException failure =
        call(
            client -> {
              client.write(
                  ByteBuffer.wrap("HTTP/1.1 400 Bad Request\r\n".getBytes(StandardCharsets.UTF_8)));
              RawPeer.hang(client);
            },
            LONG);
    assertTrue(failure.connectionClosed());
  }

  @Test
  void aLengthBeyondTheLimit() throws Exception {
    TtrpcException failure =
        call(
            client -> {
              client.write(RawPeer.header(-1, RawPeer.readFrame(client), 2, 0));
              RawPeer.hang(client);
            },
            LONG);
    assertTrue(failure.getMessage().contains("4294967295 bytes"), failure.getMessage());
  }

  @Test
  void anUnknownType() throws Exception {
    TtrpcException failure =
        call(
            client -> {
              client.write(RawPeer.header(0, RawPeer.readFrame(client), 9, 0));
              RawPeer.hang(client);
            },
            LONG);
    assertTrue(failure.getMessage().contains("type 9"), failure.getMessage());
  }

  @Test
  void halfAFrame() throws Exception {
    TtrpcException failure =
        call(
            client -> {
              client.write(RawPeer.header(100, RawPeer.readFrame(client), 2, 0));
              client.write(ByteBuffer.wrap(new byte[50]));
            },
            LONG);
    assertTrue(failure.connectionClosed());
  }

  @Test
  void aResponseThatCannotBeReadFailsOnlyItsCall() throws Exception {
    // Given a peer that answers every second call with garbage
    RawPeer.Behaviour behaviour =
        client -> {
          while (true) {
            int stream = RawPeer.readFrame(client);
            byte[] bytes =
                stream % 4 == 1
                    ? new byte[] {(byte) 0xff, 1, 2}
                    : Response.newBuilder()
                        .setPayload(StringValue.of("fine").toByteString())
                        .build()
                        .toByteArray();
            client.write(RawPeer.header(bytes.length, stream, 2, 0));
            client.write(ByteBuffer.wrap(bytes));
          }
        };
    try (RawPeer peer = new RawPeer(directory.resolve("s"), behaviour);
        TtrpcClient client = TtrpcClient.connect(peer.socket(), Duration.ofSeconds(5))) {
      for (int i = 0; i < 3; i++) {
        // Then
        var failure =
            assertThrows(
                TtrpcException.class,
                () ->
                    client.call("s", "m", Empty.getDefaultInstance(), StringValue.parser(), LONG));
        assertEquals(StatusCode.INTERNAL, failure.code());
        assertEquals(
            "fine",
            client
                .call("s", "m", Empty.getDefaultInstance(), StringValue.parser(), LONG)
                .getValue());
      }
    }
  }

  @Test
  void answersToNobodyAreDropped() throws Exception {
    RawPeer.Behaviour behaviour =
        client -> {
          int stream = RawPeer.readFrame(client);
          client.write(RawPeer.header(0, 77, 2, 0));
          client.write(RawPeer.header(0, stream, 2, 0));
          RawPeer.hang(client);
        };
    try (RawPeer peer = new RawPeer(directory.resolve("s"), behaviour);
        TtrpcClient client = TtrpcClient.connect(peer.socket(), Duration.ofSeconds(5))) {
      assertEquals(
          StringValue.getDefaultInstance(),
          client.call("s", "m", Empty.getDefaultInstance(), StringValue.parser(), LONG));
    }
  }

  @Test
  void aPeerThatDoesNotRead() throws Exception {
    BytesValue large = BytesValue.of(ByteString.copyFrom(new byte[3 << 20]));
    RawPeer.Behaviour behaviour = client -> Thread.currentThread().join();
    try (RawPeer peer = new RawPeer(directory.resolve("s"), behaviour);
        TtrpcClient client = TtrpcClient.connect(peer.socket(), Duration.ofSeconds(5))) {
      for (int i = 0; i < 6; i++) {
        var failure =
            assertThrows(
                TtrpcException.class,
                () -> client.call("s", "m", large, StringValue.parser(), SHORT));
        assertEquals(StatusCode.DEADLINE_EXCEEDED, failure.code());
      }
    }
  }

  @Test
  void aStreamThatFloods() throws Exception {
    RawPeer.Behaviour behaviour =
        client -> {
          int stream = RawPeer.readFrame(client);
          while (true) {
            client.write(RawPeer.header(1 << 20, stream, 3, 0));
            client.write(ByteBuffer.wrap(new byte[1 << 20]));
          }
        };
    try (RawPeer peer = new RawPeer(directory.resolve("s"), behaviour);
        TtrpcClient client = TtrpcClient.connect(peer.socket(), Duration.ofSeconds(5));
        ClientStream stream = client.stream("s", "m", Empty.getDefaultInstance(), LONG)) {
      stream.response().handle((_, _) -> true).get(20, TimeUnit.SECONDS);
      var failure =
          assertThrows(
              TtrpcException.class,
              () -> {
                while (stream.receive(Empty.parser()) != null) {}
              });
      assertTrue(
          failure.code() == StatusCode.RESOURCE_EXHAUSTED || failure.code() == StatusCode.INTERNAL,
          failure.toString());
    }
  }

  private interface Attack {
    void run(SocketChannel channel) throws IOException;
  }

  /** Runs it against a server, and checks that another client is still served. */
  private void attack(Attack attack) throws Exception {
    Path path = directory.resolve("server");
    try (TtrpcServer server =
            TtrpcServer.builder()
                .unary("s", "Echo", StringValue.parser(), (call, text) -> text)
                .build();
        ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      socket.bind(UnixDomainSocketAddress.of(path));
      server.listen(socket);
      try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
        attack.run(channel);
      }
      try (TtrpcClient client = TtrpcClient.connect(path, Duration.ofSeconds(5))) {
        assertEquals(
            "ok",
            client.call("s", "Echo", StringValue.of("ok"), StringValue.parser(), LONG).getValue());
      }
    }
  }

  private static Response answer(SocketChannel channel, int stream) throws IOException {
    ByteBuffer header = RawPeer.read(channel, Frame.HEADER);
    int length = header.getInt();
    assertEquals(stream, header.getInt());
    assertEquals(2, header.get());
    return Response.parseFrom(RawPeer.read(channel, length));
  }

  @Test
  void aClientWithWrongStreams() throws Exception {
    attack(channel -> {
      channel.write(RawPeer.header(0, 2, 1, 0));
      assertEquals(StatusCode.INVALID_ARGUMENT.number(), answer(channel, 2).getStatus().getCode());
      channel.write(RawPeer.header(0, 5, 1, 0));
      assertEquals(StatusCode.UNIMPLEMENTED.number(), answer(channel, 5).getStatus().getCode());
      channel.write(RawPeer.header(0, 3, 1, 0));
      assertEquals(StatusCode.INVALID_ARGUMENT.number(), answer(channel, 3).getStatus().getCode());
    });
  }

  @Test
  void aClientWithGarbage() throws Exception {
    attack(channel -> {
      channel.write(RawPeer.header(3, 1, 1, 0));
      channel.write(ByteBuffer.wrap(new byte[] {-1, -1, -1}));
      assertEquals(StatusCode.INVALID_ARGUMENT.number(), answer(channel, 1).getStatus().getCode());
      channel.write(ByteBuffer.wrap("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.UTF_8)));
      assertThrows(IOException.class, () -> RawPeer.read(channel, 1));
    });
  }

  @Test
  void aClientThatSendsDataOfNoCall() throws Exception {
    attack(channel -> {
      channel.write(RawPeer.header(0, 99, 3, 0));
      channel.write(RawPeer.header(0, 1, 1, 0));
      assertEquals(StatusCode.UNIMPLEMENTED.number(), answer(channel, 1).getStatus().getCode());
    });
  }
}
