package dev.carafe.cri.streaming;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.UnavailableException;
import io.netty.handler.codec.spdy.SpdyStreamStatus;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PortForwardTest {
  private static final String PROTOCOL = "portforward.k8s.io";
  private static final PortForwardRequest ANY = new PortForwardRequest("s1", List.of());
  private final Served served = Served.start();

  @AfterEach
  void stop() {
    served.close();
  }

  private SpdyClient connect() throws Exception {
    return SpdyClient.connect(served.server().portForward(ANY), PROTOCOL);
  }

  @Test
  void connectionsToSeveralPortsAndToOneRunSideBySide() throws Exception {
    // Given
    CyclicBarrier all = new CyclicBarrier(6);
    served.port((port, in, out) -> {
      all.await(20, TimeUnit.SECONDS);
      out.write((port + ":").getBytes(StandardCharsets.UTF_8));
      in.transferTo(out);
    });

    // When
    try (SpdyClient client = connect()) {
      List<SpdyClient.Stream> data = new ArrayList<>();
      List<SpdyClient.Stream> errors = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        int port = i < 3 ? 80 : 8000 + i;
        SpdyClient.Stream error = client.forward("error", port, i);
        error.end();
        errors.add(error);
        data.add(client.forward("data", port, i));
      }
      for (int i = 0; i < 6; i++) {
        data.get(i).write("hello " + i);
        data.get(i).end();
      }

      // Then
      for (int i = 0; i < 6; i++) {
        assertEquals((i < 3 ? 80 : 8000 + i) + ":hello " + i, data.get(i).text());
        assertEquals("", errors.get(i).text());
      }
      assertTrue(client.channel.isActive());
    }
  }

  @Test
  void aPortThatCannotBeReachedSaysSoAndTheConnectionGoesOn() throws Exception {
    // Given
    served.port((port, in, out) -> {
      if (port == 81) {
        throw new UnavailableException("connection refused");
      }
      in.transferTo(out);
    });

    // When
    try (SpdyClient client = connect()) {
      SpdyClient.Stream error = client.forward("error", 81, 0);
      SpdyClient.Stream data = client.forward("data", 81, 0);

      // Then
      assertEquals("error forwarding port 81 to sandbox s1: connection refused", error.text());
      assertEquals("", data.text());

      // When
      client.forward("error", 80, 1);
      SpdyClient.Stream good = client.forward("data", 80, 1);
      good.write("x");
      good.end();

      // Then
      assertEquals("x", good.text());
    }
  }

  @Test
  void oldClientsWithoutRequestIdsArePairedByTheirStreams() throws Exception {
    // Given
    served.port((_, in, out) -> in.transferTo(out));

    // When
    try (SpdyClient client = connect()) {
      client.open("streamtype", "error", "port", "80");
      SpdyClient.Stream data = client.open("streamtype", "data", "port", "80");
      data.write("old");
      data.end();

      // Then
      assertEquals("old", data.text());
    }
  }

  @Test
  void aStreamThatCannotBeRightIsRefused() throws Exception {
    try (SpdyClient client = connect()) {
      // When
      List<SpdyClient.Stream> wrong =
          List.of(
              client.forward("data", 0, 1),
              client.forward("data", 65_536, 2),
              client.forward("stdin", 80, 3),
              client.open("streamtype", "data", "port", "80", "requestid", "9".repeat(500)));

      // Then
      for (SpdyClient.Stream stream : wrong) {
        assertEquals(SpdyStreamStatus.REFUSED_STREAM, SpdyClient.get(stream.reset));
      }

      // When
      client.forward("data", 80, 4);
      SpdyClient.Stream twice = client.forward("data", 80, 4);
      SpdyClient.Stream otherPort = client.forward("error", 81, 4);

      // Then
      assertEquals(SpdyStreamStatus.REFUSED_STREAM, SpdyClient.get(twice.reset));
      assertEquals(SpdyStreamStatus.REFUSED_STREAM, SpdyClient.get(otherPort.reset));
    }
  }

  @Test
  void aResetEndsItsHandlerOnly() throws Exception {
    // Given
    CompletableFuture<Integer> interrupted = new CompletableFuture<>();
    CountDownLatch both = new CountDownLatch(2);
    served.port((port, in, out) -> {
      both.countDown();
      try {
        in.transferTo(out);
      } catch (java.io.IOException e) {
        interrupted.complete(port);
        throw e;
      }
    });

    // When
    try (SpdyClient client = connect()) {
      client.forward("error", 80, 0);
      SpdyClient.Stream first = client.forward("data", 80, 0);
      client.forward("error", 81, 1);
      SpdyClient.Stream second = client.forward("data", 81, 1);
      assertTrue(both.await(20, TimeUnit.SECONDS));
      first.resetNow();

      // Then
      assertEquals(80, SpdyClient.get(interrupted));
      second.write("still");
      second.end();
      assertEquals("still", second.text());
    }
  }

  @Test
  void aStreamWhosePartnerDoesNotComeEndsWithAReason() throws Exception {
    try (Served strict =
            Served.start(settings -> {
              settings.creation = Duration.ofMillis(200);
              return settings;
            });
        SpdyClient client = SpdyClient.connect(strict.server().portForward(ANY), PROTOCOL)) {
      // When
      SpdyClient.Stream error = client.forward("error", 80, 0);
      SpdyClient.Stream data = client.forward("data", 80, 1);

      // Then
      assertEquals("the stream of data was not opened in time", error.text());
      assertEquals(SpdyStreamStatus.CANCEL, SpdyClient.get(data.reset));
    }
  }

  @Test
  void placesOfEndedConnectionsAreFree() throws Exception {
    try (Served small =
            Served.start(settings -> {
              settings.streams = 6;
              return settings;
            });
        SpdyClient client =
            SpdyClient.connect(
                small.port((_, in, out) -> in.transferTo(out)).server().portForward(ANY),
                PROTOCOL)) {
      for (int i = 0; i < 40; i++) {
        // When
        client.forward("error", 80, i);
        SpdyClient.Stream data = client.forward("data", 80, i);
        data.write("n" + i);
        data.end();

        // Then
        assertEquals("n" + i, data.text());
      }
    }
  }

  @Test
  void aTunnelCarriesSpdyInAWebSocket() throws Exception {
    // Given
    served.port((_, in, out) -> in.transferTo(out));
    byte[] large = new byte[3 << 20];
    Arrays.fill(large, (byte) 7);

    // When
    try (SpdyClient client = SpdyClient.tunnel(served.server().portForward(ANY))) {
      SpdyClient.Stream error = client.forward("error", 80, 0);
      SpdyClient.Stream data = client.forward("data", 80, 0);
      for (int i = 0; i < large.length; i += 1 << 16) {
        data.write(Arrays.copyOfRange(large, i, i + (1 << 16)));
      }
      data.end();

      // Then
      assertArrayEquals(large, SpdyClient.get(data.all));
      assertEquals("", error.text());
    }
  }

  @Test
  void slowDownloadsDoNotKeepAClientFromBeingHeard() throws Exception {
    // Given
    CountDownLatch downloading = new CountDownLatch(40);
    AtomicLong written = new AtomicLong();
    CompletableFuture<String> heard = new CompletableFuture<>();
    served.port((port, in, out) -> {
      if (port == 81) {
        heard.complete(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        return;
      }
      downloading.countDown();
      while (true) {
        out.write(new byte[1 << 20]);
      }
    });

    // When
    try (SpdyClient client = connect()) {
      client.keep = false;
      for (int i = 0; i < 40; i++) {
        client.forward("error", 80, i);
        client.forward("data", 80, i);
      }
      assertTrue(downloading.await(20, TimeUnit.SECONDS));
      client.reading(false);
      for (long seen = -1; seen != written.get(); ) {
        seen = written.get();
        new CountDownLatch(1).await(300, TimeUnit.MILLISECONDS);
      }
      client.forward("error", 81, 99);
      SpdyClient.Stream data = client.forward("data", 81, 99);
      data.write("here");
      data.end();

      // Then
      assertEquals("here", SpdyClient.get(heard));
    }
  }

  @Test
  void aWebSocketWithoutPortsIsRefused() {
    assertThrows(
        Exception.class,
        () -> WebSocketClient.connect(served.server().portForward(ANY), "v4.channel.k8s.io"));
  }

  @Test
  void webSocketChannelsStartWithTheirPort() throws Exception {
    // Given
    CountDownLatch end = new CountDownLatch(1);
    served.port((port, in, out) -> {
      if (port == 8080) {
        throw new UnavailableException("connection refused");
      }
      byte[] four = in.readNBytes(4);
      out.write(four);
      end.await();
    });

    // When
    try (WebSocketClient client =
        WebSocketClient.connect(
            served.server().portForward(new PortForwardRequest("s1", List.of(8080, 300))),
            "v4.channel.k8s.io")) {
      client.send(2, "ping");

      // Then
      client.await(2, "ping");
      client.await(1, "connection refused");
      assertArrayEquals(new byte[] {(byte) 0x90, 0x1f}, client.bytes(0));
      assertArrayEquals(new byte[] {0x2c, 0x01, 'p', 'i', 'n', 'g'}, client.bytes(2));
      assertArrayEquals(new byte[] {0x2c, 0x01}, client.bytes(3));
      assertFalse(client.closed.isDone());

      // When
      end.countDown();

      // Then
      assertEquals(1000, SpdyClient.get(client.closed));
    }
  }
}
