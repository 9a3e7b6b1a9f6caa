package dev.carafe.testkit.runtimes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.testkit.runtimes.TaskRuntimeHarness.Behaviour;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Connections to ports of a task. */
abstract class RuntimePortChecks extends RuntimeChecks {
  private static final int PORT = 8080;

  static {
    // The JDK opens a socket at the first use of any, for all of them.
    try {
      SocketChannel.open().close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  RuntimePortChecks(TaskRuntimeHarness harness) {
    super(harness);
  }

  @Test
  @DisplayName("RT-PORT-00 where they are declined they are refused, and the task goes on")
  void declined() throws Exception {
    Assumptions.assumeTrue(declines(Behaviour.PORTS), "not declined");
    // Given
    RuntimeState state = sleeping("a");

    // Then
    assertThrows(UnimplementedException.class, () -> runtime.connect(state, PORT));
    killAndDelete(state);
  }

  private boolean answers(RuntimeState state, String text) throws IOException {
    try (SocketChannel channel = runtime.connect(state, PORT)) {
      Channels.newOutputStream(channel).write(text.getBytes(UTF_8));
      channel.shutdownOutput();
      assertEquals(text, new String(Channels.newInputStream(channel).readAllBytes(), UTF_8));
      return true;
    } catch (UnavailableException e) {
      return false;
    }
  }

  @Test
  @DisplayName("RT-PORT-01 a port of the task is reached, of each task its own")
  void reached() throws Exception {
    onlyWith(Behaviour.PORTS);
    // Given two tasks that serve the same port, each in a network of its own
    RuntimeState first = running("a", programs.serve(PORT));
    RuntimeState second = running("b", programs.serve(PORT));

    // Then
    Await.until("an answer of the first", () -> answers(first, "one"));
    Await.until("an answer of the second", () -> answers(second, "two"));

    // When
    killAndDelete(first);

    // Then
    Await.until("the second still answers", () -> answers(second, "still"));
    killAndDelete(second);
  }

  @Test
  @DisplayName("RT-PORT-02 a port that nobody serves, or that is none, is refused")
  void refused() throws Exception {
    onlyWith(Behaviour.PORTS);
    // Given
    RuntimeState state = sleeping("a");

    // Then
    assertThrows(UnavailableException.class, () -> runtime.connect(state, PORT));
    for (int none : new int[] {0, -1, 65536}) {
      assertThrows(InvalidArgumentException.class, () -> runtime.connect(state, none));
    }
    killAndDelete(state);
  }

  @Test
  @DisplayName("RT-PORT-03 only a task that runs has ports")
  void onlyRunning() throws Exception {
    onlyWith(Behaviour.PORTS);
    // Given
    RuntimeState created = runtime.create(request("a", Stdio.NONE, programs.exit(0)));

    // Then
    assertThrows(FailedPreconditionException.class, () -> runtime.connect(created, PORT));
    RuntimeState ended = runtime.start(created, INIT);
    await(ended, INIT);
    assertThrows(DaemonException.class, () -> runtime.connect(ended, PORT));
    runtime.delete(ended, INIT);
  }
}
