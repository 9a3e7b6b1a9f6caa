package dev.carafe.linux;

import static dev.carafe.linux.Sandbox.assertErrno;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TerminalTest {
  private static final NativeCall IOCTL = NativeCall.of("ioctl");
  private static final int TIOCSPTLCK = 0x40045431;
  private static final int TIOCGPTN = 0x80045430;

  private final Fd master =
      PathCalls.open(Path.of("/dev/ptmx"), OpenFlags.RDWR | OpenFlags.NOCTTY, 0);
  private final Fd terminal = openTerminal();

  private Fd openTerminal() {
    try (Scratch s = Scratch.take()) {
      MemorySegment argument = s.zeroed(8);
      IOCTL.check(IOCTL.call(s, master.number(), TIOCSPTLCK, argument.address()), s, master);
      IOCTL.check(IOCTL.call(s, master.number(), TIOCGPTN, argument.address()), s, master);
      Path path = Path.of("/dev/pts/" + argument.get(JAVA_INT, 0));
      return PathCalls.open(path, OpenFlags.RDWR | OpenFlags.NOCTTY, 0);
    }
  }

  @AfterEach
  void cleanUp() {
    terminal.close();
    master.close();
  }

  @Test
  void aTerminalIsOne() {
    assertTrue(Terminal.isTerminal(terminal));
    try (Fd file = PathCalls.open(Path.of("/dev/null"), OpenFlags.RDONLY, 0)) {
      assertFalse(Terminal.isTerminal(file));
      assertErrno(Errno.ENOTTY, () -> Terminal.size(file));
    }
  }

  @Test
  void theSizeIsSetAndRead() {
    Terminal.setSize(master, new Terminal.Size(40, 132));
    assertEquals(new Terminal.Size(40, 132), Terminal.size(terminal));
  }

  @Test
  void rawModePassesKeysAndIsUndone() {
    byte[] buffer = new byte[16];
    try (Terminal.RawMode _ = Terminal.rawMode(terminal)) {
      FileIo.write(master, new byte[] {3}, 0, 1);
      assertEquals(1, FileIo.read(terminal, buffer, 0, 16));
      assertEquals(3, buffer[0]);
    }
    FileIo.write(terminal, new byte[] {'\n'}, 0, 1);
    assertEquals(2, FileIo.read(master, buffer, 0, 16));
    assertEquals('\r', buffer[0]);
  }
}
