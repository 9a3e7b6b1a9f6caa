package dev.carafe.cri.streaming;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.NotFoundException;
import io.netty.handler.codec.spdy.DefaultSpdyPingFrame;
import io.netty.handler.codec.spdy.DefaultSpdySettingsFrame;
import io.netty.handler.codec.spdy.DefaultSpdyWindowUpdateFrame;
import io.netty.handler.codec.spdy.SpdySettingsFrame;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpdyExecTest {
  private static final String V4 = "v4.channel.k8s.io";
  private final Served served = Served.start();

  @AfterEach
  void stop() {
    served.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"v5.channel.k8s.io", V4})
  void exitCodeIsACauseInTheStatus(String protocol) throws Exception {
    // Given
    served.exec((_, _) -> 42);

    // When
    try (SpdyClient client = SpdyClient.connect(served.server().exec(Served.plain()), protocol)) {
      SpdyClient.Stream error = client.type("error");
      client.type("stdin");
      SpdyClient.Stream stdout = client.type("stdout");
      client.type("stderr");

      // Then
      assertEquals(
          "{\"metadata\":{},\"status\":\"Failure\",\"message\":\"command terminated with exit code"
              + " 42\",\"reason\":\"NonZeroExitCode\",\"details\":{\"causes\":[{\"reason\":"
              + "\"ExitCode\",\"message\":\"42\"}]}}",
          error.text());
      assertEquals("", stdout.text());
      assertEquals(protocol, client.response.get().headers().get("X-Stream-Protocol-Version"));
    }
  }

  @Test
  void successIsAStatus() throws Exception {
    try (SpdyClient client = SpdyClient.connect(served.server().exec(Served.outputOnly()), V4)) {
      // When
      SpdyClient.Stream error = client.type("error");
      client.type("stdout");

      // Then
      assertEquals("{\"metadata\":{},\"status\":\"Success\"}", error.text());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io", ""})
  void olderProtocolsTellOfFailureInTextAndOfSuccessByNone(String protocol) throws Exception {
    // Given
    String[] protocols = protocol.isEmpty() ? new String[0] : new String[] {protocol};

    for (int code : new int[] {0, 3}) {
      served.exec((_, _) -> code);

      // When
      try (SpdyClient client =
          SpdyClient.connect(served.server().exec(Served.outputOnly()), protocols)) {
        SpdyClient.Stream error = client.type("error");
        client.type("stdout");

        // Then
        assertEquals(code == 0 ? "" : "command terminated with exit code 3", error.text());
      }
    }
  }

  @Test
  void theFirstProtocolOfTheClientThatIsKnownIsSpoken() throws Exception {
    try (SpdyClient client =
        SpdyClient.connect(
            served.server().exec(Served.plain()),
            "v9.channel.k8s.io",
            "v3.channel.k8s.io, " + V4)) {
      assertEquals(
          "v3.channel.k8s.io", client.response.get().headers().get("X-Stream-Protocol-Version"));
    }
  }

  @Test
  void anUnknownProtocolIsRefusedWithThoseThatAreKnownAndTheUrlStaysGood() throws Exception {
    // Given
    var url = served.server().exec(Served.outputOnly());

    // When
    try (SpdyClient client = SpdyClient.connect(url, "v9.channel.k8s.io")) {
      // Then
      assertEquals(403, client.response.get().status().code());
      assertTrue(
          client
              .response
              .get()
              .headers()
              .getAll("X-Accepted-Stream-Protocol-Versions")
              .contains(V4));
    }
    try (SpdyClient client = SpdyClient.connect(url, V4)) {
      assertEquals(101, client.response.get().status().code());
    }
  }

  @Test
  void streamsCarryBytesBothWaysAndStdinEndsByHalfClose() throws Exception {
    // Given
    served.exec((_, streams) -> {
      byte[] all = streams.stdin().readAllBytes();
      streams.stderr().write("seen".getBytes(StandardCharsets.UTF_8));
      streams.stdout().write(all);
      return 0;
    });

    // When
    try (SpdyClient client = SpdyClient.connect(served.server().exec(Served.plain()), V4)) {
      client.type("error");
      SpdyClient.Stream stdin = client.type("stdin");
      SpdyClient.Stream stdout = client.type("stdout");
      SpdyClient.Stream stderr = client.type("stderr");
      stdin.write("hello ");
      stdin.write("world");
      stdin.end();

      // Then
      assertEquals("hello world", stdout.text());
      assertEquals("seen", stderr.text());
      assertTrue(client.closes());
    }
  }

  @Test
  void attachEndsWithSuccess() throws Exception {
    // Given
    served.exec((_, streams) -> {
      streams.stdout().write("attached".getBytes(StandardCharsets.UTF_8));
      return 0;
    });

    // When
    try (SpdyClient client =
        SpdyClient.connect(
            served.server().attach(new AttachRequest("c1", false, false, true, false)), V4)) {
      SpdyClient.Stream error = client.type("error");
      SpdyClient.Stream stdout = client.type("stdout");

      // Then
      assertEquals("attached", stdout.text());
      assertTrue(error.text().contains("Success"));
    }
  }

  @Test
  void aHandlerThatFailsTellsWhy() throws Exception {
    // Given
    served.exec((_, _) -> {
      throw new NotFoundException("container \"c1\": not found");
    });

    // When
    try (SpdyClient client = SpdyClient.connect(served.server().exec(Served.outputOnly()), V4)) {
      SpdyClient.Stream error = client.type("error");
      client.type("stdout");

      // Then
      assertEquals(
          "{\"metadata\":{},\"status\":\"Failure\",\"message\":\"container \\\"c1\\\": not found\","
              + "\"reason\":\"NotFound\",\"code\":404}",
          error.text());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {V4, "v3.channel.k8s.io"})
  void terminalSizesReachTheHandlerHoweverTheyAreCut(String protocol) throws Exception {
    // Given
    BlockingQueue<TerminalSize> sizes = new LinkedBlockingQueue<>();
    served.exec((_, streams) -> {
      streams.onResize(sizes::add);
      streams.stdin().read();
      return 0;
    });

    // When
    try (SpdyClient client =
        SpdyClient.connect(served.server().exec(Served.terminal()), protocol)) {
      client.type("error");
      SpdyClient.Stream stdin = client.type("stdin");
      client.type("stdout");
      SpdyClient.Stream resize = client.type("resize");
      resize.write("{\"Width\":80,\"Height\":24}\n");

      // Then
      assertEquals(new TerminalSize(80, 24), sizes.poll(20, TimeUnit.SECONDS));

      // When
      resize.write("{\"Width\":1");
      resize.write("32,\"Height\":50}");

      // Then
      assertEquals(new TerminalSize(132, 50), sizes.poll(20, TimeUnit.SECONDS));
      stdin.write("q");
      assertTrue(client.closes());
    }
  }

  @Test
  void nonsenseForATerminalSizeEndsNothing() throws Exception {
    // Given
    served.exec((_, streams) -> {
      streams.onResize(_ -> {});
      return streams.stdin().read();
    });

    // When
    try (SpdyClient client = SpdyClient.connect(served.server().exec(Served.terminal()), V4)) {
      SpdyClient.Stream error = client.type("error");
      SpdyClient.Stream stdin = client.type("stdin");
      client.type("stdout");
      client.type("resize").write("[[[[[[[[[}}}}");
      stdin.write(new byte[] {7});

      // Then
      assertTrue(error.text().contains("\"message\":\"7\""));
    }
  }

  @Test
  void aClientThatReadsSlowlyHoldsUpTheHandlerAndGetsEveryByte() throws Exception {
    // Given
    byte[] block = new byte[1 << 20];
    new Random(1).nextBytes(block);
    int blocks = 64;
    CountDownLatch stuck = new CountDownLatch(1);
    var progress = new java.util.concurrent.atomic.AtomicInteger();
    served.exec((_, streams) -> {
      for (int i = 0; i < blocks; i++) {
        streams.stdout().write(block);
        progress.incrementAndGet();
      }
      stuck.countDown();
      return 0;
    });

    // When
    try (SpdyClient client = SpdyClient.connect(served.server().exec(Served.outputOnly()), V4)) {
      client.keep = false;
      SpdyClient.Stream error = client.type("error");
      SpdyClient.Stream stdout = client.type("stdout");
      SpdyClient.get(stdout.reply);
      client.reading(false);

      // Then
      assertFalse(stuck.await(1, TimeUnit.SECONDS));
      assertTrue(progress.get() < 32, progress + " MiB were taken from the handler");

      // When
      client.reading(true);

      // Then
      SpdyClient.get(error.all);
      SpdyClient.get(stdout.all);
      assertEquals((long) blocks << 20, stdout.received.get());
    }
  }

  @Test
  void aHandlerThatReadsSlowlyHoldsUpTheClientAndGetsEveryByte() throws Exception {
    // Given
    byte[] sent = new byte[24 << 20];
    new Random(2).nextBytes(sent);
    CountDownLatch go = new CountDownLatch(1);
    CompletableFuture<byte[]> got = new CompletableFuture<>();
    served.exec((_, streams) -> {
      go.await();
      got.complete(streams.stdin().readAllBytes());
      return 0;
    });

    // When
    try (SpdyClient client = SpdyClient.connect(served.server().exec(Served.plain()), V4)) {
      client.type("error");
      SpdyClient.Stream stdin = client.type("stdin");
      client.type("stdout");
      client.type("stderr");
      var last = new CompletableFuture<Boolean>();
      for (int i = 0; i < sent.length; i += 1 << 16) {
        byte[] piece = java.util.Arrays.copyOfRange(sent, i, i + (1 << 16));
        client
            .channel
            .writeAndFlush(
                new io.netty.handler.codec.spdy.DefaultSpdyDataFrame(
                    stdin.id, io.netty.buffer.Unpooled.wrappedBuffer(piece)))
            .addListener(_ -> {});
      }
      client
          .channel
          .writeAndFlush(
              new io.netty.handler.codec.spdy.DefaultSpdyDataFrame(stdin.id).setLast(true))
          .addListener(_ -> last.complete(true));

      // Then
      assertFalse(last.completeOnTimeout(false, 1, TimeUnit.SECONDS).get());

      // When
      go.countDown();

      // Then
      assertArrayEquals(sent, SpdyClient.get(got));
      assertTrue(client.windowUpdates.get() > 100);
    }
  }

  @Test
  void aClientThatKnowsWindowsIsSentNoMoreThanItAllows() throws Exception {
    // Given
    served.exec((_, streams) -> {
      streams.stdout().write(new byte[100_000]);
      return 0;
    });

    // When
    try (SpdyClient client = SpdyClient.connect(served.server().exec(Served.outputOnly()), V4)) {
      DefaultSpdySettingsFrame settings = new DefaultSpdySettingsFrame();
      settings.setValue(SpdySettingsFrame.SETTINGS_INITIAL_WINDOW_SIZE, 10_000);
      client.send(settings);
      client.type("error");
      SpdyClient.Stream stdout = client.type("stdout");
      client.send(new DefaultSpdyPingFrame(1));
      SpdyClient.get(client.pong);

      // Then
      long received = awaitSteady(stdout);
      assertEquals(10_000, received);

      // When
      client.send(new DefaultSpdyWindowUpdateFrame(stdout.id, 90_000));
      client.send(new DefaultSpdyWindowUpdateFrame(0, 90_000));

      // Then
      awaitReceived(stdout, 100_000);
    }
  }

  private static long awaitSteady(SpdyClient.Stream stream) throws Exception {
    awaitReceived(stream, 10_000);
    // More would come at once if it came at all.
    new CountDownLatch(1).await(300, TimeUnit.MILLISECONDS);
    return stream.received.get();
  }

  private static void awaitReceived(SpdyClient.Stream stream, long bytes) throws Exception {
    long deadline = System.nanoTime() + Served.PATIENCE.toNanos();
    while (stream.received.get() < bytes) {
      assertTrue(System.nanoTime() < deadline, stream.received + " bytes came");
      new CountDownLatch(1).await(5, TimeUnit.MILLISECONDS);
    }
  }

  @Test
  void aClientThatVanishesInterruptsTheHandler() throws Exception {
    // Given
    CompletableFuture<String> ended = new CompletableFuture<>();
    CountDownLatch started = new CountDownLatch(1);
    served.exec((_, _) -> {
      started.countDown();
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        ended.complete("interrupted");
      }
      return 0;
    });

    // When
    SpdyClient client = SpdyClient.connect(served.server().exec(Served.outputOnly()), V4);
    client.type("error");
    client.type("stdout");
    assertTrue(started.await(20, TimeUnit.SECONDS));
    client.close();

    // Then
    assertEquals("interrupted", SpdyClient.get(ended));
  }

  @Test
  void readsAndWritesFailOnceTheClientIsGone() throws Exception {
    // Given
    CompletableFuture<String> ended = new CompletableFuture<>();
    CountDownLatch started = new CountDownLatch(1);
    served.exec((_, streams) -> {
      started.countDown();
      try {
        streams.stdin().readAllBytes();
        ended.complete("ended as if by the client");
      } catch (IOException e) {
        ended.complete("failed");
      }
      return 0;
    });

    // When
    SpdyClient client = SpdyClient.connect(served.server().exec(Served.plain()), V4);
    List.of("error", "stdin", "stdout", "stderr").forEach(client::type);
    assertTrue(started.await(20, TimeUnit.SECONDS));
    client.close();

    // Then
    assertEquals("failed", SpdyClient.get(ended));
  }

  @Test
  void streamsThatAreNotOpenedInTimeEndTheConnectionWithAReason() throws Exception {
    try (Served strict =
            Served.start(settings -> {
              settings.creation = Duration.ofMillis(300);
              return settings;
            });
        SpdyClient client = SpdyClient.connect(strict.server().exec(Served.plain()), V4)) {
      // When
      SpdyClient.Stream error = client.type("error");

      // Then
      assertTrue(error.text().contains("streams were not opened in time: [stderr, stdin, stdout]"));
      assertTrue(client.closes());
    }
  }
}
