package dev.carafe.cri.streaming;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WebSocketExecTest {
  private static final String V4 = "v4.channel.k8s.io";
  private static final String V5 = "v5.channel.k8s.io";
  private static final int STDIN = 0;
  private static final int STDOUT = 1;
  private static final int STDERR = 2;
  private static final int ERROR = 3;
  private static final int RESIZE = 4;

  private final Served served = Served.start();

  @AfterEach
  void stop() {
    served.close();
  }

  /** Upper case to stdout until "q", the number of bytes to stderr. */
  private static int shout(Streams streams) throws Exception {
    int count = 0;
    for (int c = streams.stdin().read(); c >= 0 && c != 'q'; c = streams.stdin().read()) {
      streams.stdout().write(Character.toUpperCase(c));
      count++;
    }
    streams.stderr().write(("" + count).getBytes(StandardCharsets.UTF_8));
    return count;
  }

  @ParameterizedTest
  @ValueSource(strings = {V4, V5})
  void channelsCarryBytesAndTheErrorChannelTheExitCode(String protocol) throws Exception {
    // Given
    served.exec((_, streams) -> shout(streams));

    // When
    try (WebSocketClient client =
        WebSocketClient.connect(served.server().exec(Served.plain()), protocol)) {
      client.send(STDIN, "he");
      client.send(STDIN, "yq");

      // Then
      assertEquals("HEY", client.text(STDOUT));
      assertEquals("3", client.text(STDERR));
      assertTrue(client.text(ERROR).contains("{\"reason\":\"ExitCode\",\"message\":\"3\"}"));
      assertEquals(protocol, client.socket.getSubprotocol());
    }
  }

  @Test
  void v5HalfClosesStdin() throws Exception {
    // Given
    served.exec((_, streams) -> {
      streams.stdout().write(streams.stdin().readAllBytes());
      return 0;
    });

    // When
    try (WebSocketClient client =
        WebSocketClient.connect(served.server().exec(Served.plain()), V5, V4)) {
      client.send(STDIN, "all of it");
      client.send(255, new byte[] {STDIN});

      // Then
      assertEquals("all of it", client.text(STDOUT));
      assertTrue(client.text(ERROR).contains("Success"));
    }
  }

  @Test
  void v4HasNoSignalThatCloses() throws Exception {
    // Given
    served.exec((_, streams) -> shout(streams));

    // When
    try (WebSocketClient client =
        WebSocketClient.connect(served.server().exec(Served.plain()), V4)) {
      client.send(255, new byte[] {STDIN});
      client.send(STDIN, "aq");

      // Then
      assertEquals("A", client.text(STDOUT));
    }
  }

  @Test
  void base64IsTextBothWays() throws Exception {
    // Given
    served.exec((_, streams) -> shout(streams));

    // When
    try (WebSocketClient client =
        WebSocketClient.connect(served.server().exec(Served.plain()), "v4.base64.channel.k8s.io")) {
      client.sendBase64(STDIN, "abcq");

      // Then
      assertEquals("ABC", client.text(STDOUT));
      assertTrue(client.text(ERROR).contains("ExitCode"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"channel.k8s.io", ""})
  void beforeV4TheErrorChannelIsText(String protocol) throws Exception {
    // Given
    served.exec((_, _) -> 9);
    String[] protocols = protocol.isEmpty() ? new String[0] : new String[] {protocol};

    // When
    try (WebSocketClient client =
        WebSocketClient.connect(served.server().exec(Served.plain()), protocols)) {
      // Then
      assertEquals("command terminated with exit code 9", client.text(ERROR));
      assertEquals(protocol, client.socket.getSubprotocol());
    }
  }

  @Test
  void anEmptyMessageSaysThatTheConnectionIsThere() throws Exception {
    // Given
    served.exec((_, streams) -> streams.stdin().read());

    // When
    try (WebSocketClient client =
        WebSocketClient.connect(served.server().exec(Served.plain()), V4)) {
      long deadline = System.nanoTime() + Served.PATIENCE.toNanos();
      while (!client.hasChannel(STDOUT) && System.nanoTime() < deadline) {
        new CountDownLatch(1).await(5, TimeUnit.MILLISECONDS);
      }

      // Then
      assertTrue(client.hasChannel(STDOUT));
      assertEquals("", client.soFar(STDOUT));
      client.send(STDIN, "x");
    }
  }

  @Test
  void terminalSizesReachTheHandler() throws Exception {
    // Given
    BlockingQueue<TerminalSize> sizes = new LinkedBlockingQueue<>();
    served.exec((_, streams) -> {
      streams.onResize(sizes::add);
      return streams.stdin().read();
    });

    // When
    try (WebSocketClient client =
        WebSocketClient.connect(served.server().exec(Served.terminal()), V5)) {
      client.send(RESIZE, "{\"Width\":100,\"Height\":30}");

      // Then
      assertEquals(new TerminalSize(100, 30), sizes.poll(20, TimeUnit.SECONDS));
    }
  }

  @Test
  void channelsThatAreNotThereAreIgnored() throws Exception {
    // Given
    served.exec((_, streams) -> shout(streams));

    // When
    try (WebSocketClient client =
        WebSocketClient.connect(served.server().exec(Served.plain()), V5)) {
      client.send(200, "x");
      client.send(STDOUT, "x");
      client.send(255, new byte[] {77});
      client.send(255, new byte[0]);
      client.send(STDIN, "okq");

      // Then
      assertEquals("OK", client.text(STDOUT));
    }
  }

  @Test
  void aClientThatReadsSlowlyHoldsUpTheHandlerAndGetsEveryByte() throws Exception {
    // Given
    int blocks = 64;
    AtomicInteger progress = new AtomicInteger();
    CountDownLatch done = new CountDownLatch(1);
    served.exec((_, streams) -> {
      for (int i = 0; i < blocks; i++) {
        streams.stdout().write(new byte[1 << 20]);
        progress.incrementAndGet();
      }
      done.countDown();
      return 0;
    });

    // When
    try (WebSocketClient client =
        WebSocketClient.connect(served.server().exec(Served.outputOnly()), V5)) {
      client.keep = false;
      client.reading = false;

      // Then
      assertFalse(done.await(1, TimeUnit.SECONDS));
      assertTrue(progress.get() < 32, progress + " MiB were taken from the handler");

      // When
      client.reading = true;
      client.socket.request(1);

      // Then
      assertEquals(1000, SpdyClient.get(client.closed));
      assertTrue(client.received.get() >= (long) blocks << 20);
    }
  }

  @Test
  void aHandlerThatReadsSlowlyHoldsUpTheClient() throws Exception {
    // Given
    int messages = 400;
    CountDownLatch go = new CountDownLatch(1);
    CompletableFuture<Long> got = new CompletableFuture<>();
    served.exec((_, streams) -> {
      go.await();
      got.complete(streams.stdin().transferTo(java.io.OutputStream.nullOutputStream()));
      return 0;
    });

    // When
    try (WebSocketClient client =
        WebSocketClient.connect(served.server().exec(Served.plain()), V5)) {
      AtomicInteger sent = new AtomicInteger();
      CountDownLatch all = new CountDownLatch(1);
      Thread.ofVirtual()
          .start(() -> {
            try {
              for (int i = 0; i < messages; i++) {
                client.send(STDIN, new byte[64 << 10]);
                sent.incrementAndGet();
              }
              client.send(255, new byte[] {STDIN});
              all.countDown();
            } catch (Exception e) {
              got.completeExceptionally(e);
            }
          });

      // Then
      assertFalse(all.await(1, TimeUnit.SECONDS));
      assertTrue(sent.get() < messages, sent + " messages were taken from the client");

      // When
      go.countDown();

      // Then
      assertEquals((long) messages * (64 << 10), SpdyClient.get(got));
    }
  }

  @Test
  void aClientThatClosesInterruptsTheHandler() throws Exception {
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
    try (WebSocketClient client =
        WebSocketClient.connect(served.server().exec(Served.outputOnly()), V5)) {
      assertTrue(started.await(20, TimeUnit.SECONDS));
      client.socket.sendClose(1000, "");

      // Then
      assertEquals("interrupted", SpdyClient.get(ended));
    }
  }

  @Test
  void anUnknownProtocolIsRefusedAndTheUrlStaysGood() throws Exception {
    // Given
    URI url = served.server().exec(Served.outputOnly());

    // When
    assertThrows(Exception.class, () -> WebSocketClient.connect(url, "v9.channel.k8s.io"));

    // Then
    try (WebSocketClient client = WebSocketClient.connect(url, V4)) {
      assertTrue(client.text(ERROR).contains("Success"));
    }
  }
}
