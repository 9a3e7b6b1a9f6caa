package dev.carafe.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import sun.misc.Signal;
import sun.misc.SignalHandler;

class DefaultActionTest {
  private static boolean isIgnored(int signal) throws Exception {
    String mask =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(line -> line.startsWith("SigIgn:"))
            .findFirst()
            .orElseThrow()
            .substring(7)
            .trim();
    return (Long.parseUnsignedLong(mask, 16) & 1L << (signal - 1)) != 0;
  }

  @Test
  void anIgnoredSignalIsNoLongerIgnored() throws Exception {
    // Given
    Signal.handle(new Signal("WINCH"), SignalHandler.SIG_IGN);
    assertEquals(true, isIgnored(Signals.SIGWINCH));

    // When
    ProcessCalls.defaultAction(Signals.SIGWINCH);

    // Then
    assertEquals(false, isIgnored(Signals.SIGWINCH));
  }

  @Test
  void whatIsNoSignalIsRefused() {
    var failure = assertThrows(ErrnoException.class, () -> ProcessCalls.defaultAction(4711));
    assertEquals(true, failure.is(Errno.EINVAL));
  }
}
