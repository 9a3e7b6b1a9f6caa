package dev.carafe.integration;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import com.google.protobuf.Timestamp;
import dev.carafe.api.services.events.ttrpc.v1.ForwardRequest;
import dev.carafe.api.ttrpc.Request;
import dev.carafe.api.ttrpc.Response;
import dev.carafe.api.types.Envelope;
import dev.carafe.ttrpc.CallOptions;
import dev.carafe.ttrpc.TtrpcClient;
import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Frames on the socket for shims that no shim sends. */
@Timeout(120)
@ExtendWith(LeakCheck.class)
class HostileTtrpcIT {
  private static final String SERVICE = "containerd.services.events.ttrpc.v1.Events";
  private static final byte REQUEST = 1;
  private static final byte RESPONSE = 2;
  private static final byte DATA = 3;
  private static final int INVALID_ARGUMENT = 3;
  private static final int UNIMPLEMENTED = 12;

  /** As gRPC says it of a message that cannot be read. */
  private static final int INTERNAL = 13;

  /** What becomes of a connection when its frames are wrong. */
  private static final int CUT_OFF = -1;

  private static Path socket(TestDaemon daemon) {
    return Path.of(daemon.socket() + ".ttrpc");
  }

  private static byte[] frame(int length, int stream, byte type, int flags, byte[] data) {
    return ByteBuffer.allocate(10 + data.length)
        .putInt(length)
        .putInt(stream)
        .put(type)
        .put((byte) flags)
        .put(data)
        .array();
  }

  private static byte[] request(int stream, byte[] data) {
    return frame(data.length, stream, REQUEST, 0, data);
  }

  private static byte[] call(String service, String method, byte[] payload) {
    return Request.newBuilder()
        .setService(service)
        .setMethod(method)
        .setPayload(ByteString.copyFrom(payload))
        .build()
        .toByteArray();
  }

  private static ForwardRequest event(String topic) {
    return ForwardRequest.newBuilder()
        .setEnvelope(
            Envelope.newBuilder()
                .setNamespace("hostile")
                .setTopic(topic)
                .setTimestamp(Timestamp.newBuilder().setSeconds(1))
                .setEvent(Any.newBuilder().setTypeUrl("example.Event")))
        .build();
  }

  /** What is written is answered with a status, or ends the connection. */
  private static int answer(Path socket, byte[] bytes) throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      try {
        ByteBuffer out = ByteBuffer.wrap(bytes);
        while (out.hasRemaining()) {
          channel.write(out);
        }
        ByteBuffer header = read(channel, 10);
        int length = header.getInt();
        byte[] data = read(channel, length).array();
        return Response.parseFrom(data).getStatus().getCode();
      } catch (EOFException e) {
        return CUT_OFF;
      } catch (IOException e) {
        // Cut off while this side still wrote.
        return CUT_OFF;
      }
    }
  }

  private static ByteBuffer read(SocketChannel channel, int count) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(count);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new EOFException();
      }
    }
    return buffer.flip();
  }

  /** A client of good will is served. */
  private static void assertServes(TestDaemon daemon) throws InterruptedException {
    try (TtrpcClient client = TtrpcClient.connect(socket(daemon), Duration.ofSeconds(20))) {
      client.call(
          SERVICE,
          "Forward",
          event("/hostile/test"),
          Empty.parser(),
          CallOptions.NONE.withTimeout(Duration.ofSeconds(20)));
    }
    assertTrue(daemon.api().serving());
  }

  @Test
  void wrongFramesAreRefusedOrEndTheConnectionAndNothingElse(Lab lab) throws Exception {
    // Given
    TestDaemon daemon = lab.daemon();
    byte[] good = call(SERVICE, "Forward", event("/hostile/test").toByteArray());
    byte[] noise = new byte[4096];
    new Random(3).nextBytes(noise);
    noise[0] = (byte) 0x7f;
    Map<String, byte[]> frames = new LinkedHashMap<>();
    Map<String, Integer> expected = new LinkedHashMap<>();
    frames.put("a length without end", frame(Integer.MAX_VALUE, 1, REQUEST, 0, good));
    expected.put("a length without end", CUT_OFF);
    frames.put("a negative length", frame(-1, 1, REQUEST, 0, good));
    expected.put("a negative length", CUT_OFF);
    frames.put("an unknown type", frame(good.length, 1, (byte) 77, 0, good));
    expected.put("an unknown type", CUT_OFF);
    frames.put("a response", frame(good.length, 1, RESPONSE, 0, good));
    expected.put("a response", CUT_OFF);
    frames.put("noise", noise);
    expected.put("noise", CUT_OFF);
    frames.put("an even stream", request(2, good));
    expected.put("an even stream", INVALID_ARGUMENT);
    frames.put("stream 0", request(0, good));
    expected.put("stream 0", INVALID_ARGUMENT);
    frames.put("a negative stream", request(-1, good));
    expected.put("a negative stream", INVALID_ARGUMENT);
    frames.put("a request that is none", request(1, new byte[] {10, 127, 1}));
    expected.put("a request that is none", INVALID_ARGUMENT);
    frames.put("a service that is not UTF-8", request(1, new byte[] {10, 2, (byte) 0xc3, 0x28}));
    expected.put("a service that is not UTF-8", INVALID_ARGUMENT);
    frames.put("an unknown service", request(1, call("x", "y", new byte[0])));
    expected.put("an unknown service", UNIMPLEMENTED);
    frames.put("an unknown method", request(1, call(SERVICE, "../../x", new byte[0])));
    expected.put("an unknown method", UNIMPLEMENTED);
    frames.put("an argument that is none", request(1, call(SERVICE, "Forward", noise)));
    expected.put("an argument that is none", INTERNAL);
    frames.put("an empty argument", request(1, call(SERVICE, "Forward", new byte[0])));
    expected.put("an empty argument", INVALID_ARGUMENT);
    frames.put(
        "a topic that is none",
        request(1, call(SERVICE, "Forward", event("no\0topic").toByteArray())));
    expected.put("a topic that is none", INVALID_ARGUMENT);
    // When
    Map<String, Integer> answers = new LinkedHashMap<>();
    for (Map.Entry<String, byte[]> entry : frames.entrySet()) {
      answers.put(entry.getKey(), answer(socket(daemon), entry.getValue()));
    }
    // Then
    assertEquals(expected, answers);
    assertServes(daemon);
  }

  @Test
  void whoeverStopsInTheMiddleHoldsUpNobody(Lab lab) throws Exception {
    // Given
    TestDaemon daemon = lab.daemon();
    List<SocketChannel> silent = new ArrayList<>();
    byte[] good = request(1, call(SERVICE, "Forward", event("/hostile/test").toByteArray()));
    // When
    for (int i = 0; i < 64; i++) {
      SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket(daemon)));
      silent.add(channel);
      channel.write(ByteBuffer.wrap(good, 0, i % (good.length - 1)));
    }
    silent.getLast().write(ByteBuffer.wrap(frame(4 << 20, 1, DATA, 0, "x".getBytes(UTF_8))));
    // Then
    assertServes(daemon);
    for (SocketChannel channel : silent) {
      channel.close();
    }
    assertServes(daemon);
  }
}
