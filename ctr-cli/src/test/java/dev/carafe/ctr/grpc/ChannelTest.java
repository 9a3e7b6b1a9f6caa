package dev.carafe.ctr.grpc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import dev.carafe.api.services.content.v1.ContentGrpc;
import dev.carafe.api.services.content.v1.DeleteContentRequest;
import dev.carafe.api.services.content.v1.ReadContentRequest;
import dev.carafe.api.services.content.v1.ReadContentResponse;
import dev.carafe.api.services.content.v1.WriteContentRequest;
import dev.carafe.api.services.content.v1.WriteContentResponse;
import dev.carafe.api.services.version.v1.VersionGrpc;
import dev.carafe.api.services.version.v1.VersionResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against grpc-java's own server. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChannelTest {
  private static final String CONTENT = "containerd.services.content.v1.Content";
  private static final Method<Empty, VersionResponse> VERSION =
      Method.of("containerd.services.version.v1.Version", "Version", VersionResponse.parser());
  private static final Method<ReadContentRequest, ReadContentResponse> READ =
      Method.of(CONTENT, "Read", ReadContentResponse.parser());
  private static final Method<WriteContentRequest, WriteContentResponse> WRITE =
      Method.of(CONTENT, "Write", WriteContentResponse.parser());
  private static final Method<DeleteContentRequest, Empty> DELETE =
      Method.of(CONTENT, "Delete", Empty.parser());

  private final Content content = new Content();
  private TestServer server;
  private Channel channel;

  @BeforeEach
  void start(@TempDir Path directory) throws Exception {
    Path socket = directory.resolve("s");
    server = new TestServer(socket, content, new Version());
    channel = Channel.connect(socket, Map.of("containerd-namespace", "ns1"));
  }

  @AfterEach
  void stop() {
    channel.close();
    server.close();
  }

  private static final class Version extends VersionGrpc.VersionImplBase {
    @Override
    public void version(Empty request, StreamObserver<VersionResponse> response) {
      response.onNext(VersionResponse.newBuilder().setVersion("v1").build());
      response.onCompleted();
    }
  }

  /**
   * Sends {@code size} messages of {@code offset} bytes; takes what is written; fails on delete.
   */
  private static final class Content extends ContentGrpc.ContentImplBase {
    final AtomicInteger sent = new AtomicInteger();
    final CountDownLatch cancelled = new CountDownLatch(1);

    @Override
    public void read(ReadContentRequest request, StreamObserver<ReadContentResponse> response) {
      var call = (ServerCallStreamObserver<ReadContentResponse>) response;
      ByteString data = ByteString.copyFrom(random((int) request.getOffset()));
      call.setOnCancelHandler(cancelled::countDown);
      call.setOnReadyHandler(() -> {
        while (call.isReady() && sent.get() < request.getSize()) {
          call.onNext(
              ReadContentResponse.newBuilder()
                  .setOffset(sent.getAndIncrement())
                  .setData(data)
                  .build());
          if (sent.get() == request.getSize()) {
            call.onCompleted();
          }
        }
      });
    }

    @Override
    public StreamObserver<WriteContentRequest> write(
        StreamObserver<WriteContentResponse> response) {
      return new StreamObserver<>() {
        @Override
        public void onNext(WriteContentRequest request) {
          response.onNext(
              WriteContentResponse.newBuilder()
                  .setOffset(request.getData().size())
                  .setDigest(Integer.toHexString(request.getData().hashCode()))
                  .build());
        }

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onCompleted() {
          response.onCompleted();
        }
      };
    }

    @Override
    public void delete(DeleteContentRequest request, StreamObserver<Empty> response) {
      response.onError(Status.NOT_FOUND.withDescription(request.getDigest()).asException());
    }
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(7).nextBytes(bytes);
    return bytes;
  }

  private static ReadContentRequest messages(int count, int bytes) {
    return ReadContentRequest.newBuilder().setSize(count).setOffset(bytes).build();
  }

  private static WriteContentRequest write(byte[] data) {
    return WriteContentRequest.newBuilder().setData(ByteString.copyFrom(data)).build();
  }

  @Test
  void callIsAnswered() {
    assertEquals("v1", channel.unary(VERSION, Empty.getDefaultInstance()).getVersion());
    assertEquals("v1", channel.unary(VERSION, Empty.getDefaultInstance()).getVersion());
  }

  @Test
  void metadataOfChannelAndCallReachTheServer() {
    channel.unary(
        VERSION,
        Empty.getDefaultInstance(),
        Map.of("containerd-lease", "lease-" + "x".repeat(300)));

    assertEquals("ns1", server.header("containerd-namespace"));
    assertEquals("lease-" + "x".repeat(300), server.header("containerd-lease"));
  }

  @Test
  void largestMessageGoesBothWays() {
    byte[] large = random(Channel.MESSAGE_LIMIT - 64);
    try (var call = channel.open(WRITE)) {
      call.send(write(large));
      assertEquals(large.length, call.receive().getOffset());
    }
    try (var call = channel.stream(READ, messages(3, large.length))) {
      for (int i = 0; i < 3; i++) {
        assertArrayEquals(large, call.receive().getData().toByteArray());
      }
      assertNull(call.receive());
    }
  }

  @Test
  void messageAboveTheLimitEndsOnlyItsCall() {
    try (var call = channel.stream(READ, messages(1, Channel.MESSAGE_LIMIT))) {
      StatusException e = assertThrows(StatusException.class, call::receive);
      assertEquals(StatusException.INTERNAL, e.code());
    }
    assertEquals("v1", channel.unary(VERSION, Empty.getDefaultInstance()).getVersion());
  }

  @Test
  void longStreamArrivesCompleteAndInOrder() {
    try (var call = channel.stream(READ, messages(100, 1 << 20))) {
      for (int i = 0; i < 100; i++) {
        ReadContentResponse part = call.receive();
        assertEquals(i, part.getOffset());
        assertEquals(1 << 20, part.getData().size());
      }
      assertNull(call.receive());
      assertNull(call.receive());
    }
  }

  @Test
  void manySmallMessagesGoBothWays() {
    try (var call = channel.open(WRITE)) {
      for (int i = 0; i < 20_000; i++) {
        call.send(write(new byte[i % 7]));
        assertEquals(i % 7, call.receive().getOffset());
      }
      call.halfClose();
      assertNull(call.receive());
    }
  }

  @Test
  void unreadCallHoldsTheServerBackAndNoOtherCall() {
    try (var unread = channel.stream(READ, messages(200, 1 << 20))) {
      unread.receive();
      for (int i = 0; i < 100; i++) {
        channel.unary(VERSION, Empty.getDefaultInstance());
      }

      assertTrue(content.sent.get() < 30, "sent " + content.sent.get());
    }
  }

  @Test
  void senderWaitsWhileNobodyReads() {
    // The server's window is smaller than the message: it has to be opened several times.
    byte[] data = random(5 << 20);
    try (var call = channel.open(WRITE)) {
      for (int i = 0; i < 4; i++) {
        call.send(write(data));
      }
      for (int i = 0; i < 4; i++) {
        WriteContentResponse answer = call.receive();
        assertEquals(Integer.toHexString(ByteString.copyFrom(data).hashCode()), answer.getDigest());
      }
    }
  }

  @Test
  void closedCallIsCancelledAtTheServer() throws Exception {
    try (var call = channel.stream(READ, messages(1_000, 1 << 20))) {
      call.receive();
    }

    assertTrue(content.cancelled.await(20, TimeUnit.SECONDS));
    assertEquals("v1", channel.unary(VERSION, Empty.getDefaultInstance()).getVersion());
  }

  @Test
  void errorCarriesCodeAndMessage() {
    for (String message :
        new String[] {"content \"x\": not found", "größe 100%\nzwei %41 日本", "a%"}) {
      DeleteContentRequest request = DeleteContentRequest.newBuilder().setDigest(message).build();

      StatusException e = assertThrows(StatusException.class, () -> channel.unary(DELETE, request));

      assertEquals(StatusException.NOT_FOUND, e.code());
      assertEquals(message, e.getMessage());
    }
  }

  @Test
  void errorWithoutMessageNamesTheMethod() {
    StatusException e =
        assertThrows(
            StatusException.class,
            () -> channel.unary(DELETE, DeleteContentRequest.getDefaultInstance()));

    assertEquals("/" + CONTENT + "/Delete: status 5", e.getMessage());
  }

  @Test
  void unknownMethodIsUnimplemented() {
    Method<Empty, Empty> unknown = Method.of("no.Service", "None", Empty.parser());

    StatusException e =
        assertThrows(
            StatusException.class, () -> channel.unary(unknown, Empty.getDefaultInstance()));

    assertEquals(12, e.code());
  }

  @Test
  void callsFromManyThreadsDoNotMix() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var answers =
          IntStream.range(0, 64)
              .mapToObj(i ->
                  threads.submit(() -> {
                    try (var call = channel.open(WRITE)) {
                      call.send(write(random(i * 1000)));
                      return call.receive().getOffset();
                    }
                  }))
              .toList();
      for (int i = 0; i < 64; i++) {
        assertEquals(i * 1000L, answers.get(i).get());
      }
    }
  }

  @Test
  void shutdownLetsCallsEndAndRefusesNewOnes() throws Exception {
    try (var call = channel.open(WRITE)) {
      call.send(write(new byte[3]));
      call.receive();
      server.shutdown();

      StatusException refused =
          assertThrows(
              StatusException.class,
              () -> {
                while (true) {
                  channel.unary(VERSION, Empty.getDefaultInstance());
                }
              });

      assertEquals(StatusException.UNAVAILABLE, refused.code());
      call.send(write(new byte[4]));
      assertEquals(4, call.receive().getOffset());
    }
  }

  @Test
  void endOfTheServerEndsCallsUnderWay() throws Exception {
    try (var call = channel.open(WRITE);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      call.send(write(new byte[3]));
      call.receive();
      Future<?> waiting = threads.submit(() -> assertThrows(StatusException.class, call::receive));
      server.close();
      waiting.get();

      StatusException e =
          assertThrows(
              StatusException.class, () -> channel.unary(VERSION, Empty.getDefaultInstance()));
      assertEquals(StatusException.UNAVAILABLE, e.code());
    }
  }

  @Test
  void interruptEndsTheWait() throws Exception {
    try (var call = channel.open(WRITE)) {
      Thread.currentThread().interrupt();

      StatusException e = assertThrows(StatusException.class, call::receive);

      assertEquals(StatusException.CANCELLED, e.code());
      assumeTrue(Thread.interrupted());
    }
  }
}
