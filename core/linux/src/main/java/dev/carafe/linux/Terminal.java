package dev.carafe.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/** What a command line tool asks of a terminal. All throw {@link ErrnoException}. */
public final class Terminal {
  private static final int TIOCGWINSZ = 0x5413;
  private static final int TIOCSWINSZ = 0x5414;
  private static final int TERMIOS_SIZE = 128;
  private static final int TCSADRAIN = 1;

  /** In characters. */
  public record Size(int rows, int columns) {}

  private Terminal() {}

  /** isatty(3). */
  public static boolean isTerminal(Fd fd) {
    try (Scratch s = Scratch.take()) {
      return Calls.ISATTY.call(s, fd.number()) == 1;
    }
  }

  /** ioctl TIOCGWINSZ. */
  public static Size size(Fd terminal) {
    try (Scratch s = Scratch.take()) {
      MemorySegment size = s.zeroed(8);
      ioctl(s, terminal, TIOCGWINSZ, size, "TIOCGWINSZ");
      return new Size(size.get(JAVA_SHORT, 0) & 0xffff, size.get(JAVA_SHORT, 2) & 0xffff);
    }
  }

  /** ioctl TIOCSWINSZ; the foreground processes get SIGWINCH. */
  public static void setSize(Fd terminal, Size size) {
    try (Scratch s = Scratch.take()) {
      MemorySegment argument = s.zeroed(8);
      argument.set(JAVA_SHORT, 0, (short) size.rows());
      argument.set(JAVA_SHORT, 2, (short) size.columns());
      ioctl(s, terminal, TIOCSWINSZ, argument, "TIOCSWINSZ");
    }
  }

  /**
   * Passes every key on at once, unechoed and without meaning (cfmakeraw(3)), until the result is
   * closed.
   */
  public static RawMode rawMode(Fd terminal) {
    try (Scratch s = Scratch.take()) {
      MemorySegment attributes = s.zeroed(TERMIOS_SIZE);
      int result = Calls.TCGETATTR.call(s, terminal.number(), attributes.address());
      Calls.TCGETATTR.check(result, s, terminal);
      var raw = new RawMode(terminal, attributes.toArray(JAVA_BYTE));
      Calls.CFMAKERAW.call(s, attributes.address());
      set(s, terminal, attributes);
      return raw;
    }
  }

  /** Puts the terminal back when closed; later calls do it again. */
  public static final class RawMode implements AutoCloseable {
    private final Fd terminal;
    private final byte[] former;

    private RawMode(Fd terminal, byte[] former) {
      this.terminal = terminal;
      this.former = former;
    }

    @Override
    public void close() {
      try (Scratch s = Scratch.take()) {
        MemorySegment attributes = s.allocate(TERMIOS_SIZE);
        MemorySegment.copy(former, 0, attributes, JAVA_BYTE, 0, former.length);
        set(s, terminal, attributes);
      }
    }
  }

  private static void set(Scratch s, Fd terminal, MemorySegment attributes) {
    int result = Calls.TCSETATTR.call(s, terminal.number(), TCSADRAIN, attributes.address());
    Calls.TCSETATTR.check(result, s, terminal);
  }

  private static void ioctl(
      Scratch s, Fd terminal, int request, MemorySegment argument, String name) {
    if (Calls.IOCTL.call(s, terminal.number(), request, argument.address()) < 0) {
      throw new ErrnoException("ioctl " + name, s.errno(), terminal);
    }
  }

  private static final class Calls {
    static final NativeCall ISATTY = NativeCall.of("isatty");
    static final NativeCall IOCTL = NativeCall.of("ioctl");
    static final NativeCall TCGETATTR = NativeCall.of("tcgetattr");
    static final NativeCall TCSETATTR = NativeCall.of("tcsetattr");
    static final NativeCall CFMAKERAW = NativeCall.of("cfmakeraw");
  }
}
