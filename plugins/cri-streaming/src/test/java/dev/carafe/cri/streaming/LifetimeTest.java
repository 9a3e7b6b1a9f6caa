package dev.carafe.cri.streaming;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LifetimeTest {
  private static final String V4 = "v4.channel.k8s.io";

  private static Served.Settings idleAfter(Served.Settings settings, Duration idle) {
    settings.idle = idle;
    settings.ping = Duration.ofMillis(50);
    return settings;
  }

  @Test
  void anIdleExecIsEndedWithAReasonThoughPingsGoOn() throws Exception {
    // Given
    try (Served served = Served.start(s -> idleAfter(s, Duration.ofMillis(500)))) {
      served.exec((_, streams) -> streams.stdin().read());
      try (SpdyClient client = SpdyClient.connect(served.server().exec(Served.plain()), V4)) {
        // When
        SpdyClient.Stream error = client.type("error");
        List.of("stdin", "stdout", "stderr").forEach(client::type);

        // Then
        assertEquals(
            "{\"metadata\":{},\"status\":\"Failure\",\"message\":\"the stream was idle for too"
                + " long\",\"reason\":\"Timeout\",\"code\":504}",
            error.text());
        assertTrue(client.closes());
      }
    }
  }

  @Test
  void anIdleWebSocketIsEnded() throws Exception {
    // Given
    try (Served served = Served.start(s -> idleAfter(s, Duration.ofMillis(300)))) {
      served.exec((_, streams) -> streams.stdin().read());
      // When
      try (WebSocketClient client =
          WebSocketClient.connect(served.server().exec(Served.plain()), V4)) {
        // Then
        assertTrue(client.text(3).contains("idle for too long"));
      }
    }
  }

  @Test
  void idlePortForwardingWithoutConnectionsIsEnded() throws Exception {
    // Given
    try (Served served = Served.start(s -> idleAfter(s, Duration.ofMillis(300)));
        SpdyClient client =
            SpdyClient.connect(
                served.server().portForward(new PortForwardRequest("s1", List.of())),
                "portforward.k8s.io")) {
      assertTrue(client.closes());
    }
  }

  @Test
  void whatIsInUseIsNotIdle() throws Exception {
    // Given
    try (Served served = Served.start(s -> idleAfter(s, Duration.ofMillis(600)))) {
      served.exec((_, streams) -> {
        for (int i = 0; i < 12; i++) {
          streams.stdout().write('x');
          new CountDownLatch(1).await(100, TimeUnit.MILLISECONDS);
        }
        return 0;
      });
      // When
      try (SpdyClient client = SpdyClient.connect(served.server().exec(Served.outputOnly()), V4)) {
        SpdyClient.Stream error = client.type("error");
        client.type("stdout");

        // Then
        assertTrue(error.text().contains("Success"));
      }
    }
  }

  @Test
  void aClientThatVanishesWhileItsInputIsNotReadIsNoticed() throws Exception {
    // Given
    CompletableFuture<String> ended = new CompletableFuture<>();
    try (Served served = Served.start(s -> idleAfter(s, Duration.ofHours(1)))) {
      served.exec((_, _) -> {
        try {
          new CountDownLatch(1).await();
        } catch (InterruptedException e) {
          ended.complete("interrupted");
        }
        return 0;
      });
      SpdyClient client = SpdyClient.connect(served.server().exec(Served.plain()), V4);
      client.type("error");
      SpdyClient.Stream stdin = client.type("stdin");
      List.of("stdout", "stderr").forEach(client::type);

      // When
      for (int i = 0; i < 16; i++) {
        stdin.write(new byte[1 << 20]);
      }
      assertFalse(interruptedWithin(ended, Duration.ofMillis(300)));
      client.close();

      // Then
      assertEquals("interrupted", SpdyClient.get(ended));
    }
  }

  private static boolean interruptedWithin(CompletableFuture<String> ended, Duration time)
      throws Exception {
    return ended
        .copy()
        .completeOnTimeout("", time.toMillis(), TimeUnit.MILLISECONDS)
        .get()
        .equals("interrupted");
  }

  @Test
  void closingTheServerInterruptsHandlersAndWaitsForThem() throws Exception {
    // Given
    CompletableFuture<String> ended = new CompletableFuture<>();
    CountDownLatch started = new CountDownLatch(1);
    Served served = Served.start();
    served.exec((_, _) -> {
      started.countDown();
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        ended.complete("interrupted");
      }
      return 0;
    });
    SpdyClient client = SpdyClient.connect(served.server().exec(Served.outputOnly()), V4);
    client.type("error");
    client.type("stdout");
    assertTrue(started.await(20, TimeUnit.SECONDS));

    // When
    served.close();

    // Then
    assertTrue(ended.isDone());
    assertTrue(client.closes());
  }

  @Test
  void connectionsAreBounded() throws Exception {
    // Given
    try (Served served =
        Served.start(s -> {
          s.connections = 2;
          return s;
        })) {
      int port = served.server().address().getPort();
      try (Socket first = new Socket("127.0.0.1", port);
          Socket second = new Socket("127.0.0.1", port)) {
        // The server has seen both once it answers.
        first.getOutputStream().write("GET / HTTP/1.1\r\n".getBytes());
        second.getOutputStream().write("GET / HTTP/1.1\r\n".getBytes());

        // When
        try (Socket third = new Socket("127.0.0.1", port)) {
          third.setSoTimeout(5000);

          // Then
          assertEquals(-1, third.getInputStream().read());
        }
      }
    }
  }

  @Test
  void theListenerOfTerminalSizesEndsWithItsHandler() throws Exception {
    // Given
    CompletableFuture<Thread> teller = new CompletableFuture<>();
    try (Served served = Served.start()) {
      served.exec((_, streams) -> {
        streams.onResize(_ -> teller.complete(Thread.currentThread()));
        SpdyClient.get(teller);
        return 0;
      });

      // When
      try (SpdyClient client = SpdyClient.connect(served.server().exec(Served.terminal()), V4)) {
        client.type("error");
        client.type("stdin");
        client.type("stdout");
        client.type("resize").write("{\"Width\":1,\"Height\":1}");

        // Then
        assertTrue(SpdyClient.get(teller).join(Served.PATIENCE));
      }
    }
  }
}
