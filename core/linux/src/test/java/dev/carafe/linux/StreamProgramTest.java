package dev.carafe.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class StreamProgramTest {
  private static final byte[] NONE = {};

  @TempDir Path directory;
  private final EventLoop loop = EventLoop.start("test", 64);

  @AfterEach
  void close() {
    loop.close();
  }

  private StreamProgram start(String script, byte[] payload, InputStream input) {
    return start(script, payload, input, body -> Thread.ofVirtual().start(body));
  }

  private StreamProgram start(String script, byte[] payload, InputStream input, Executor threads) {
    return StreamProgram.start(
        loop,
        new StreamProgram.Command(
            "/bin/sh",
            List.of("-c", script, "x", "arg"),
            List.of("PATH=/usr/bin:/bin", "V=v"),
            payload),
        input,
        threads);
  }

  private static InputStream text(String text) {
    return new ByteArrayInputStream(text.getBytes(UTF_8));
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(1).nextBytes(bytes);
    return bytes;
  }

  /** A stream of which nothing ever comes, and whether its reader was sent away. */
  private static final class Silent extends InputStream {
    final CountDownLatch read = new CountDownLatch(1);
    final AtomicBoolean left = new AtomicBoolean();

    @Override
    public int read() throws IOException {
      read.countDown();
      try {
        new CountDownLatch(1).await();
        return -1;
      } catch (InterruptedException e) {
        left.set(true);
        throw new InterruptedIOException();
      }
    }
  }

  @Test
  void bytesFlowThroughTheProgram() throws Exception {
    // Given
    byte[] bytes = random(5_000_000);

    // When
    byte[] out;
    try (StreamProgram program = start("cat", NONE, new ByteArrayInputStream(bytes))) {
      out = program.readAllBytes();
    }

    // Then
    assertArrayEquals(bytes, out);
  }

  @Test
  void theProgramHasItsArgumentsEnvironmentAndPayload() throws Exception {
    // Given
    byte[] payload = random(300_000);
    Path kept = directory.resolve("payload");

    // When
    String out;
    try (StreamProgram program =
        start("cat <&3 >" + kept + "; echo $1 $V; cat", payload, text("in"))) {
      out = new String(program.readAllBytes(), UTF_8);
    }

    // Then
    assertEquals("arg v\nin", out);
    assertArrayEquals(payload, Files.readAllBytes(kept));
  }

  @Test
  void aProgramThatFailsFailsTheLastReadWithWhatItSaid() throws Exception {
    // Given
    try (StreamProgram program =
        start("cat; head -c 1000000 /dev/zero | tr '\\0' e >&2; exit 7", NONE, text("in"))) {
      // When
      assertArrayEquals("in".getBytes(UTF_8), program.readNBytes(2));
      String message = assertThrows(IOException.class, program::read).getMessage();

      // Then
      assertTrue(message.startsWith("/bin/sh: exit code 7: eee"), message);
      assertTrue(message.length() < 9000, "it is bounded");
    }
  }

  @Test
  void anInputThatFailsIsNoEndForTheProgramAndIsTold() throws Exception {
    // Given
    InputStream broken =
        new InputStream() {
          private int left = 10;

          @Override
          public int read() throws IOException {
            if (left-- <= 0) {
              throw new IOException("the line went down");
            }
            return 'x';
          }
        };

    // When
    try (StreamProgram program = start("cat >/dev/null; echo whole", NONE, broken)) {
      String message = assertThrows(IOException.class, program::readAllBytes).getMessage();

      // Then
      assertEquals("the line went down", message);
    }
  }

  @Test
  void aProgramNeedNotReadToTheEnd() throws Exception {
    // When
    byte[] out;
    try (StreamProgram program =
        start("head -c 3", NONE, new ByteArrayInputStream(random(3_000_000)))) {
      out = program.readAllBytes();
    }

    // Then
    assertEquals(3, out.length);
  }

  @Test
  void closingKillsTheProgramAndItsChildrenAndEndsTheReadingOfItsInput() throws Exception {
    // Given
    Path child = directory.resolve("child");
    Silent silent = new Silent();
    StreamProgram program =
        start("sleep 1000 & echo $! >" + child + "; echo up; wait", NONE, silent);
    assertEquals('u', program.read());
    silent.read.await();

    // When
    program.close();

    // Then
    assertTrue(silent.left.get(), "the input is read no more");
    long pid = Long.parseLong(Files.readString(child).trim());
    while (ProcessStat.of(pid).filter(stat -> stat.state() != 'Z').isPresent()) {
      Thread.onSpinWait();
    }
    program.close();
  }

  @Test
  void anInterruptEndsAReadThatWaits() throws Exception {
    // Given
    try (StreamProgram program = start("sleep 1000", NONE, new Silent())) {
      // When
      Thread.currentThread().interrupt();

      // Then
      assertThrows(InterruptedIOException.class, program::read);
      assertTrue(Thread.interrupted(), "the flag is kept");
    }
  }

  @Test
  void aReaderThatBeginsAfterTheCloseDoesNotKeepItWaiting() throws Exception {
    // Given
    AtomicReference<Runnable> reader = new AtomicReference<>();
    Silent input = new Silent();
    StreamProgram program = start("sleep 1000", NONE, input, reader::set);

    // When
    Thread closing = Thread.ofPlatform().start(() -> assertDoesNotThrow(program::close));
    while (closing.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
    reader.get().run();
    closing.join();

    // Then
    assertEquals(1, input.read.getCount(), "nothing is read");
  }

  @Test
  void aProgramThatIsNotThereIsToldAtOnce() {
    // When
    ErrnoException failure =
        assertThrows(
            ErrnoException.class,
            () ->
                StreamProgram.start(
                    loop,
                    new StreamProgram.Command("/nowhere", List.of(), List.of(), NONE),
                    text(""),
                    body -> Thread.ofVirtual().start(body)));

    // Then
    assertTrue(failure.is(Errno.ENOENT));
  }
}
