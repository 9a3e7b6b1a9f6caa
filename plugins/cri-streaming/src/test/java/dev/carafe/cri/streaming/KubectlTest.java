package dev.carafe.cri.streaming;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The real client, where there is one; it speaks WebSocket first, and SPDY if told so. */
class KubectlTest {
  private static final int LARGE = 8 << 20;

  @TempDir Path directory;
  private final Served served = Served.start();
  private FakeApiServer api;

  @BeforeEach
  void start() throws Exception {
    assumeTrue(
        Stream.of(System.getenv("PATH").split(":"))
            .anyMatch(path -> Files.isExecutable(Path.of(path, "kubectl"))),
        "kubectl is not here");
    api = new FakeApiServer(served.server());
  }

  @AfterEach
  void stop() throws Exception {
    if (api != null) {
      api.close();
    }
    served.close();
  }

  private List<String> command() throws Exception {
    Path config = Files.writeString(directory.resolve("config"), "apiVersion: v1\nkind: Config\n");
    return List.of(
        "kubectl", "--server", "http://127.0.0.1:" + api.port(), "--kubeconfig", config.toString());
  }

  private Process kubectl(boolean webSockets, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(command());
    command.addAll(List.of(arguments));
    return start(webSockets, command);
  }

  private Process start(boolean webSockets, List<String> command) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("HOME", directory.toString());
    builder.environment().put("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", "" + webSockets);
    builder.environment().put("KUBECTL_PORT_FORWARD_WEBSOCKETS", "" + webSockets);
    builder.redirectError(directory.resolve("stderr").toFile());
    return builder.start();
  }

  private String stderr() throws Exception {
    return Files.readString(directory.resolve("stderr"));
  }

  private int end(Process process) throws Exception {
    if (!process.waitFor(30, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("kubectl hangs: " + stderr());
    }
    return process.exitValue();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void execGivesInputOutputAndTheExitCode(boolean webSockets) throws Exception {
    // Given
    served.exec((request, streams) -> {
      streams.stdout().write(streams.stdin().readAllBytes());
      streams.stderr().write(String.join(" ", request.command()).getBytes(StandardCharsets.UTF_8));
      return 7;
    });

    // When
    Process process = kubectl(webSockets, "exec", "-i", "pod1", "--", "cat", "-n");
    byte[] sent = "in and out".getBytes(StandardCharsets.UTF_8);
    process.getOutputStream().write(sent);
    process.getOutputStream().close();
    String stdout = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    // Then
    assertEquals(7, end(process), stderr());
    assertEquals("in and out", stdout);
    assertTrue(stderr().startsWith("cat -n"), stderr());
    assertEquals(webSockets ? "websocket" : "SPDY/3.1", api.lastUpgrade());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void execCarriesMuch(boolean webSockets) throws Exception {
    // Given
    served.exec((_, streams) -> {
      long count = streams.stdin().transferTo(streams.stdout());
      return count == LARGE ? 0 : 1;
    });

    // When
    Process process = kubectl(webSockets, "exec", "-i", "pod1", "--", "cat");
    Thread.ofVirtual()
        .start(() -> {
          try (OutputStream in = process.getOutputStream()) {
            in.write(new byte[LARGE]);
          } catch (java.io.IOException e) {
            process.destroyForcibly();
          }
        });
    int received = process.getInputStream().readAllBytes().length;

    // Then
    assertEquals(0, end(process), stderr());
    assertEquals(LARGE, received);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aFailureIsShown(boolean webSockets) throws Exception {
    // Given
    served.exec((_, _) -> {
      throw new dev.carafe.spi.errors.NotFoundException("container \"c9\": not found");
    });

    // When
    Process process = kubectl(webSockets, "exec", "pod1", "--", "ls");

    // Then
    assertEquals(1, end(process));
    assertTrue(stderr().contains("container \"c9\": not found"), stderr());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aTerminalHasTheClientsSize(boolean webSockets) throws Exception {
    // Given
    CompletableFuture<TerminalSize> size = new CompletableFuture<>();
    served.exec((request, streams) -> {
      streams.onResize(size::complete);
      streams.stdout().write(("sized " + size.get()).getBytes(StandardCharsets.UTF_8));
      return request.tty() ? 4 : 5;
    });
    Path script =
        Files.writeString(
            directory.resolve("in-terminal"),
            "stty rows 33 cols 99; exec %s exec -it pod1 -- sh\n"
                .formatted(String.join(" ", command())));

    // When
    Process process = start(webSockets, List.of("script", "-qec", "sh " + script, "/dev/null"));
    String shown = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    // Then
    assertEquals(4, end(process), shown);
    assertEquals(new TerminalSize(99, 33), size.getNow(null));
    assertTrue(shown.contains("sized"), shown);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void portsAreForwarded(boolean webSockets) throws Exception {
    // Given
    served.port((port, in, out) -> {
      if (port == 81) {
        throw new dev.carafe.spi.errors.UnavailableException("connection refused");
      }
      in.transferTo(out);
    });

    // When
    Process process = kubectl(webSockets, "port-forward", "pod1", ":80", ":81");
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      int good = localPort(lines, 80);
      int bad = localPort(lines, 81);

      // Then
      for (int i = 0; i < 3; i++) {
        try (Socket socket = new Socket("127.0.0.1", good)) {
          socket.getOutputStream().write(new byte[100_000]);
          socket.shutdownOutput();
          assertEquals(100_000, socket.getInputStream().readAllBytes().length);
        }
      }
      assertEquals(webSockets ? "websocket" : "SPDY/3.1", api.lastUpgrade());

      // When
      try (Socket socket = new Socket("127.0.0.1", bad)) {
        socket.setSoTimeout(20_000);
        assertEquals(-1, socket.getInputStream().read());
      }
      end(process);

      // Then
      assertTrue(stderr().contains("connection refused"), stderr());
    } finally {
      process.destroyForcibly();
    }
  }

  private static int localPort(BufferedReader lines, int remote) throws Exception {
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.startsWith("Forwarding from 127.0.0.1:") && line.endsWith("-> " + remote)) {
        return Integer.parseInt(line.substring(26, line.indexOf(' ', 26)));
      }
    }
    throw new AssertionError("port " + remote + " is not forwarded");
  }
}
