package dev.carafe.integration;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.cri.v1.ContainerState;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What is behind the URLs of exec, attach and port-forward. */
@ExtendWith(LeakCheck.class)
class CriStreamIT {
  @Test
  void aStreamingUrlCarriesACommandsStreamsAndItsCode(Lab lab) throws Exception {
    Cri cri = Cri.of(lab);
    String container = cri.running("sleep 1000");
    URI url = cri.execUrl(container, "sh", "-c", "cat; echo err >&2; exit 4");
    try (Channels channels = new Channels(url, "v5.channel.k8s.io")) {
      channels.send(0, "hello\n".getBytes(UTF_8));
      channels.send(255, (byte) 0);
      channels.awaitEnd();

      // Then
      assertEquals("hello\n", channels.text(1));
      assertEquals("err\n", channels.text(2));
      assertTrue(channels.text(3).contains("\"ExitCode\""), channels.text(3));
      assertTrue(channels.text(3).contains("\"4\""), channels.text(3));
    }
  }

  @Test
  void aPortOfAPodIsForwarded(Lab lab) throws Exception {
    Cri cri = Cri.of(lab);
    String pod = cri.run("p1", 0);
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = server.getLocalPort();
      try (Channels channels = new Channels(cri.portForwardUrl(pod, port), "v4.channel.k8s.io");
          Socket accepted = server.accept()) {
        channels.send(0, "ping".getBytes(UTF_8));
        assertEquals("ping", new String(accepted.getInputStream().readNBytes(4), UTF_8));
        accepted.getOutputStream().write("pong".getBytes(UTF_8));
        Await.until("the answer", () -> channels.text(0).endsWith("pong"));
      }
    }
  }

  @Test
  void whoeverAttachesTalksToTheContainersOwnProcess(Lab lab) throws Exception {
    Cri cri = Cri.of(lab);
    String container =
        cri.create(
            cri.run("p1", 0),
            Cri.config("c1", cri.pull(), "sh", "-c", "cat; echo err >&2; exit 6")
                .setStdin(true)
                .setStdinOnce(true)
                .build());
    cri.start(container);

    // When
    try (Channels channels = new Channels(cri.attachUrl(container), "v5.channel.k8s.io")) {
      channels.send(0, "hello\n".getBytes(UTF_8));
      Await.until("the echo", () -> channels.text(1).equals("hello\n"));
      channels.send(255, (byte) 0);
      channels.awaitEnd();

      // Then
      assertEquals("err\n", channels.text(2));
    }
    assertEquals(6, cri.awaitEnd(container).getExitCode());
  }

  @Test
  void whoeverLeavesASilentContainerEndsNothing(Lab lab) throws Exception {
    Cri cri = Cri.of(lab);
    String container = cri.running("sleep 1000");

    // When
    new Channels(cri.attachUrl(container), "v5.channel.k8s.io").close();

    // Then
    assertEquals(ContainerState.CONTAINER_RUNNING, cri.status(container).getState());
    cri.stop(container, 0);
    assertEquals(137, cri.awaitEnd(container).getExitCode());
  }
}
