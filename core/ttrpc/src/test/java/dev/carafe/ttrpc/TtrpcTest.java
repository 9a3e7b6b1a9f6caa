package dev.carafe.ttrpc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import com.google.protobuf.Empty;
import com.google.protobuf.StringValue;
import dev.carafe.api.ttrpc.Request;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Client and server, over a socket. */
@Timeout(60)
class TtrpcTest {
  private static final String SERVICE = "test.Service";
  private static final Duration SECOND = Duration.ofSeconds(1);

  @TempDir Path directory;
  private final CountDownLatch hanging = new CountDownLatch(1);
  private final CountDownLatch interrupted = new CountDownLatch(1);
  private TtrpcServer server;
  private TtrpcClient client;

  @BeforeEach
  void connect() throws Exception {
    server =
        TtrpcServer.builder()
            .unary(SERVICE, "Echo", StringValue.parser(), (call, text) -> text)
            .unary(
                SERVICE,
                "Header",
                Empty.parser(),
                (call, nothing) -> StringValue.of(call.metadata().toString()))
            .unary(SERVICE, "Bytes", BytesValue.parser(), (call, bytes) -> bytes)
            .unary(SERVICE, "Fail", StringValue.parser(), TtrpcTest::fail)
            .unary(SERVICE, "Hang", Empty.parser(), (call, nothing) -> hang())
            .streaming(SERVICE, "Count", TtrpcTest::count)
            .streaming(SERVICE, "Shout", TtrpcTest::shout)
            .build();
    ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    Path path = directory.resolve("s");
    socket.bind(UnixDomainSocketAddress.of(path));
    server.listen(socket);
    client = TtrpcClient.connect(path, SECOND);
  }

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  private static StringValue fail(ServerCall call, StringValue text) {
    if (text.getValue().equals("plain")) {
      throw new IllegalStateException("plain words");
    }
    throw new TtrpcException(StatusCode.NOT_FOUND, "no " + text.getValue());
  }

  private Empty hang() throws InterruptedException {
    hanging.countDown();
    try {
      new CountDownLatch(1).await();
      return Empty.getDefaultInstance();
    } catch (InterruptedException e) {
      interrupted.countDown();
      throw e;
    }
  }

  private static void count(ServerCall call, ServerStream stream) throws InterruptedException {
    int to = Integer.parseInt(stream.receive(StringValue.parser()).getValue());
    for (int i = 0; i < to; i++) {
      stream.send(StringValue.of("" + i));
    }
    if (to == 3) {
      throw new TtrpcException(StatusCode.ABORTED, "three");
    }
  }

  private static void shout(ServerCall call, ServerStream stream) throws InterruptedException {
    for (StringValue text = stream.receive(StringValue.parser());
        text != null;
        text = stream.receive(StringValue.parser())) {
      stream.send(StringValue.of(text.getValue() + "!"));
    }
  }

  private String echo(String text) throws InterruptedException {
    return client
        .call(SERVICE, "Echo", StringValue.of(text), StringValue.parser(), CallOptions.NONE)
        .getValue();
  }

  @Test
  void framesAreAsTheWireSays() {
    byte[] bytes =
        new Frame(3, Frame.Type.RESPONSE, Frame.NO_DATA, new byte[] {7, 8}).encoded().array();
    assertArrayEquals(new byte[] {0, 0, 0, 2, 0, 0, 0, 3, 2, 4, 7, 8}, bytes);
  }

  @Test
  void anAnswerComesBack() throws Exception {
    assertEquals("hello", echo("hello"));
    assertEquals("again", echo("again"));
  }

  @Test
  void headersArrive() throws Exception {
    var options = new CallOptions(SECOND, Map.of("containerd-namespace-ttrpc", List.of("a", "b")));
    StringValue seen =
        client.call(SERVICE, "Header", Empty.getDefaultInstance(), StringValue.parser(), options);
    assertEquals("{containerd-namespace-ttrpc=[a, b]}", seen.getValue());
  }

  @Test
  void manyCallsShareTheConnection() throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> answers = new ArrayList<>();
      IntStream.range(0, 200).forEach(i -> answers.add(threads.submit(() -> echo("call " + i))));
      for (int i = 0; i < answers.size(); i++) {
        assertEquals("call " + i, answers.get(i).get(20, TimeUnit.SECONDS));
      }
    }
  }

  @Test
  void aFailureHasItsCodeAndWords() {
    var known =
        assertThrows(
            TtrpcException.class,
            () ->
                client.call(
                    SERVICE, "Fail", StringValue.of("x"), Empty.parser(), CallOptions.NONE));
    assertEquals(StatusCode.NOT_FOUND, known.code());
    assertEquals("no x", known.getMessage());
    var plain =
        assertThrows(
            TtrpcException.class,
            () ->
                client.call(
                    SERVICE, "Fail", StringValue.of("plain"), Empty.parser(), CallOptions.NONE));
    assertEquals(StatusCode.UNKNOWN, plain.code());
    assertEquals("plain words", plain.getMessage());
    assertFalse(plain.connectionClosed());
  }

  @Test
  void anUnknownMethodIsUnimplemented() {
    var failure =
        assertThrows(
            TtrpcException.class,
            () ->
                client.call(
                    SERVICE, "No", Empty.getDefaultInstance(), Empty.parser(), CallOptions.NONE));
    assertEquals(StatusCode.UNIMPLEMENTED, failure.code());
  }

  @Test
  void aCallThatHangsEndsInTimeAtBothEnds() throws Exception {
    // When
    var failure =
        assertThrows(
            TtrpcException.class,
            () ->
                client.call(
                    SERVICE,
                    "Hang",
                    Empty.getDefaultInstance(),
                    Empty.parser(),
                    CallOptions.NONE.withTimeout(Duration.ofMillis(100))));

    // Then
    assertEquals(StatusCode.DEADLINE_EXCEEDED, failure.code());
    assertTrue(interrupted.await(10, TimeUnit.SECONDS));
    assertEquals("others go on", echo("others go on"));
  }

  @Test
  void anInterruptedCallerLeavesTheConnectionAlone() throws Exception {
    // Given
    var failure = new CompletableFuture<Throwable>();
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              try {
                client.call(
                    SERVICE, "Hang", Empty.getDefaultInstance(), Empty.parser(), CallOptions.NONE);
              } catch (InterruptedException | RuntimeException e) {
                failure.complete(e);
              }
            });
    assertTrue(hanging.await(10, TimeUnit.SECONDS));

    // When
    caller.interrupt();

    // Then
    assertTrue(failure.get(10, TimeUnit.SECONDS) instanceof InterruptedException);
    assertEquals("still there", echo("still there"));
  }

  @Test
  void fourMebibytesAreTheLimit() throws Exception {
    // Given
    BytesValue most = BytesValue.of(ByteString.copyFrom(new byte[Frame.LIMIT - 100]));
    BytesValue more = BytesValue.of(ByteString.copyFrom(new byte[Frame.LIMIT]));

    // Then
    assertEquals(most, client.call(SERVICE, "Bytes", most, BytesValue.parser(), CallOptions.NONE));
    var failure =
        assertThrows(
            TtrpcException.class,
            () -> client.call(SERVICE, "Bytes", more, BytesValue.parser(), CallOptions.NONE));
    assertEquals(StatusCode.RESOURCE_EXHAUSTED, failure.code());
    assertEquals("others go on", echo("others go on"));
  }

  @Test
  void aServerStreams() throws Exception {
    try (ClientStream stream =
        client.stream(SERVICE, "Count", StringValue.of("1000"), CallOptions.NONE)) {
      for (int i = 0; i < 1000; i++) {
        assertEquals("" + i, stream.receive(StringValue.parser()).getValue());
      }
      assertNull(stream.receive(StringValue.parser()));
      assertNull(stream.receive(StringValue.parser()));
    }
  }

  @Test
  void aStreamEndsWithItsFailure() throws Exception {
    ClientStream stream = client.stream(SERVICE, "Count", StringValue.of("3"), CallOptions.NONE);
    for (int i = 0; i < 3; i++) {
      assertEquals("" + i, stream.receive(StringValue.parser()).getValue());
    }
    var failure = assertThrows(TtrpcException.class, () -> stream.receive(StringValue.parser()));
    assertEquals(StatusCode.ABORTED, failure.code());
  }

  @Test
  void bothEndsStream() throws Exception {
    ClientStream stream = client.stream(SERVICE, "Shout", null, CallOptions.NONE);
    for (String word : List.of("one", "two")) {
      stream.send(StringValue.of(word));
      assertEquals(word + "!", stream.receive(StringValue.parser()).getValue());
    }
    stream.closeSend();
    stream.closeSend();
    assertNull(stream.receive(StringValue.parser()));
    assertThrows(IllegalStateException.class, () -> stream.send(StringValue.of("late")));
  }

  @Test
  void aStreamThatDoesNotEndIsLeftInTime() throws Exception {
    ClientStream stream =
        client.stream(SERVICE, "Shout", null, CallOptions.NONE.withTimeout(Duration.ofMillis(100)));
    var failure = assertThrows(TtrpcException.class, () -> stream.receive(StringValue.parser()));
    assertEquals(StatusCode.DEADLINE_EXCEEDED, failure.code());
    assertEquals("others go on", echo("others go on"));
  }

  @Test
  void aServerThatGoesFailsItsCalls() throws Exception {
    // Given
    var failure = new CompletableFuture<Throwable>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            client.call(
                SERVICE, "Hang", Empty.getDefaultInstance(), Empty.parser(), CallOptions.NONE);
          } catch (InterruptedException | RuntimeException e) {
            failure.complete(e);
          }
        });
    assertTrue(hanging.await(10, TimeUnit.SECONDS));

    // When
    server.close();

    // Then
    assertTrue(
        failure.get(10, TimeUnit.SECONDS) instanceof TtrpcException closed
            && closed.connectionClosed());
    client.closed().get(10, TimeUnit.SECONDS);
    assertThrows(TtrpcException.class, () -> echo("never again"));
    assertTrue(interrupted.await(10, TimeUnit.SECONDS));
  }

  @Test
  void theEnvelopeTellsTheTimeout() throws Exception {
    byte[] bytes =
        Envelopes.request("s", "m", ByteString.EMPTY, CallOptions.NONE.withTimeout(SECOND));
    assertEquals(1_000_000_000L, Request.parseFrom(bytes).getTimeoutNano());
  }
}
