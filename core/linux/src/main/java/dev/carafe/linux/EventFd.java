package dev.carafe.linux;

/**
 * A descriptor by which the kernel tells that something happened, by eventfd(2). Wait for {@link
 * #fd} with an {@link EventLoop}. All methods throw {@link ErrnoException}.
 */
public final class EventFd implements AutoCloseable {
  private static final int COUNTER = 8;

  private final Fd fd;

  private EventFd(Fd fd) {
    this.fd = fd;
  }

  public static EventFd open() {
    return new EventFd(EpollCalls.eventfd());
  }

  public Fd fd() {
    return fd;
  }

  /** Takes what was told since the last call; whether that is anything. */
  public boolean take() {
    try {
      return FileIo.read(fd, new byte[COUNTER], 0, COUNTER) == COUNTER;
    } catch (ErrnoException e) {
      if (e.is(Errno.EAGAIN)) {
        return false;
      }
      throw e;
    }
  }

  @Override
  public void close() {
    fd.close();
  }
}
