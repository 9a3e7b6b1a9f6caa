package dev.carafe.linux;

import org.jspecify.annotations.Nullable;

/**
 * A kernel call said no. The message reads {@code openat "etc/passwd": ENOENT (no such file or
 * directory)}.
 */
public final class ErrnoException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String call;
  private final int errno;

  /**
   * @param call the kernel call's name
   * @param errno one of {@link Errno}
   * @param what the path, descriptor or pid that it was about
   */
  public ErrnoException(String call, int errno, @Nullable Object what) {
    this(call, errno, what, null);
  }

  ErrnoException(String call, int errno, @Nullable Object what, @Nullable String note) {
    super(message(call, errno, what, note));
    this.call = call;
    this.errno = errno;
  }

  private ErrnoException(String message, ErrnoException cause) {
    super(message, cause);
    this.call = cause.call;
    this.errno = cause.errno;
  }

  /** The same failure, with what it happened during in front. */
  ErrnoException during(String what) {
    return new ErrnoException(what + ": " + getMessage(), this);
  }

  private static String message(
      String call, int errno, @Nullable Object what, @Nullable String note) {
    var text = new StringBuilder(call);
    if (what != null) {
      text.append(" \"").append(what).append('"');
    }
    text.append(": ").append(Errno.name(errno)).append(" (").append(Errno.text(errno)).append(')');
    if (note != null) {
      text.append(": ").append(note);
    }
    return text.toString();
  }

  /** The kernel call's name. */
  public String call() {
    return call;
  }

  /** One of the constants in {@link Errno}. */
  public int errno() {
    return errno;
  }

  /** Whether errno is {@code candidate}. */
  public boolean is(int candidate) {
    return errno == candidate;
  }
}
