package dev.carafe.linux;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * A file descriptor that this object owns: closed once, by {@link #close}. All of this module's
 * calls create descriptors with close-on-exec set.
 *
 * <p>As with any descriptor, closing it while another thread is inside a call on it is an error of
 * the caller: the number may already mean another file.
 */
public final class Fd implements AutoCloseable {
  /** Stands for the working directory in the {@code dir} argument of {@link PathCalls}. */
  public static final Fd CWD = new Fd(-100, false, false);

  private static final int CLOSED = Integer.MIN_VALUE;

  private final AtomicInteger number;
  private final boolean owned;
  private final boolean endsMount;

  private Fd(int number, boolean owned, boolean endsMount) {
    this.number = new AtomicInteger(number);
    this.owned = owned;
    this.endsMount = endsMount;
  }

  /** Takes ownership of an open descriptor. */
  public static Fd adopt(int number) {
    return new Fd(valid(number), true, false);
  }

  /** A descriptor whose close may end a mount, and then wait for everything to be written back. */
  static Fd adoptMount(int number) {
    return new Fd(valid(number), true, true);
  }

  /** Names a descriptor that somebody else closes, such as 0, 1 and 2. */
  public static Fd borrow(int number) {
    return new Fd(valid(number), false, false);
  }

  private static int valid(int number) {
    if (number < 0) {
      throw new IllegalArgumentException("fd " + number + ": not a descriptor");
    }
    return number;
  }

  /**
   * The number, for a call or to hand to a child process.
   *
   * @throws IllegalStateException if it was closed
   */
  public int number() {
    int current = number.get();
    if (current == CLOSED) {
      throw new IllegalStateException("file descriptor: closed");
    }
    return current;
  }

  public boolean isOpen() {
    return number.get() != CLOSED;
  }

  /**
   * {@code /proc/self/fd/N}: a path to whatever the descriptor refers to, as long as it is open.
   */
  public RawPath procPath() {
    return RawPath.of("/proc/self/fd/" + number());
  }

  /** Gives up ownership: whoever gets the number closes it. */
  public int release() {
    int current = number();
    number.set(CLOSED);
    return current;
  }

  /**
   * Closes the descriptor; later calls do nothing. What close(2) reports is ignored, because Linux
   * frees the number whatever it says: call fsync first where the bytes matter.
   */
  @Override
  public void close() {
    int current = number.getAndSet(CLOSED);
    if (owned && current != CLOSED) {
      if (endsMount) {
        Offload.run(() -> close(current));
      } else {
        close(current);
      }
    }
  }

  private static void close(int number) {
    try (Scratch scratch = Scratch.take()) {
      Calls.CLOSE.call(scratch, number);
    }
  }

  @Override
  public String toString() {
    int current = number.get();
    return current == CLOSED ? "fd closed" : current == -100 ? "fd cwd" : "fd " + current;
  }

  private static final class Calls {
    static final NativeCall CLOSE = NativeCall.of("close");
  }
}
