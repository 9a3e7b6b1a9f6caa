package dev.carafe.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Waits for many descriptors with one thread: processes by their pidfd, inotify, FIFOs, sockets.
 *
 * <p>A handler runs on a virtual thread (or the executor given), where it may block; it is not
 * called again before it has returned, and then at once if its descriptor is still ready. One that
 * throws is deregistered and the exception goes to the thread's uncaught exception handler. Close a
 * registration before its descriptor.
 */
public final class EventLoop implements AutoCloseable {
  /** Bytes, a connection or an event to read; for a pidfd, the end of the process. */
  public static final int READABLE = 0x001;

  public static final int PRIORITY = 0x002;
  public static final int WRITABLE = 0x004;

  /** Reported whether asked for or not. */
  public static final int ERROR = 0x008;

  /** Nobody holds the other end; reported whether asked for or not. */
  public static final int HANGUP = 0x010;

  public static final int PEER_CLOSED = 0x2000;

  private static final int BATCH = 64;
  private static final long WAKE_UP = 0;
  private static final Duration JOIN = Duration.ofSeconds(5);
  private static final byte[] ONE = {1, 0, 0, 0, 0, 0, 0, 0};

  /** What to do when a descriptor is ready. */
  @FunctionalInterface
  public interface Handler {
    /**
     * Called once per readiness.
     *
     * @param self to close when nothing more is wanted
     * @param events a combination of the constants of {@link EventLoop}
     */
    void ready(Registration self, int events);
  }

  private final Fd epoll;
  private final Fd wakeUp;
  private final int capacity;
  private final Executor executor;
  private final Map<Long, Registration> registrations = new ConcurrentHashMap<>();
  private final AtomicLong keys = new AtomicLong(WAKE_UP);
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Thread thread;

  private EventLoop(String name, int capacity, Executor executor) {
    this.capacity = capacity;
    this.executor = executor;
    this.epoll = EpollCalls.create();
    this.wakeUp = EpollCalls.eventfd();
    this.thread = Offload.daemon(this::loop, name);
    EpollCalls.control(epoll, EpollCalls.ADD, wakeUp, READABLE, WAKE_UP);
    thread.start();
  }

  /** Starts a loop whose handlers run on virtual threads. */
  public static EventLoop start(String name, int capacity) {
    return start(name, capacity, task -> Thread.ofVirtual().name(name).start(task));
  }

  /**
   * Starts a loop.
   *
   * @param name of its thread
   * @param capacity the number of descriptors it will wait for at most
   * @param executor runs the handlers and completes the futures
   */
  public static EventLoop start(String name, int capacity, Executor executor) {
    return new EventLoop(name, capacity, executor);
  }

  /**
   * Calls {@code handler} whenever {@code fd} is ready, from now on until the registration is
   * closed.
   *
   * @param events a combination of the constants
   * @throws IllegalStateException if the loop is closed or full
   * @throws ErrnoException with EEXIST if it waits for this descriptor already, EPERM if it is a
   *     file
   */
  public Registration watch(Fd fd, int events, Handler handler) {
    var registration = new Registration(this, keys.incrementAndGet(), fd, events, handler);
    registrations.put(registration.key, registration);
    try {
      if (registrations.size() > capacity) {
        throw new IllegalStateException("event loop: more than " + capacity + " descriptors");
      }
      registration.arm();
    } catch (RuntimeException | Error e) {
      registrations.remove(registration.key);
      throw e;
    }
    return registration;
  }

  /** Completes with the events of the first readiness; cancelling it ends the wait. */
  public CompletableFuture<Integer> ready(Fd fd, int events) {
    var result = new CompletableFuture<Integer>();
    until(
        fd,
        events,
        result,
        (self, ready) -> {
          self.close();
          result.complete(ready);
        });
    return result;
  }

  /** Completes when the process has ended, which need not be a child; nothing is reaped. */
  public CompletableFuture<Integer> ended(Fd pidfd) {
    return ready(pidfd, READABLE);
  }

  /**
   * Reaps the child when it has ended and completes with how; with an {@link ErrnoException} of
   * ECHILD if it is not a child, or somebody else reaped it.
   */
  public CompletableFuture<ExitStatus> exit(Fd pidfd) {
    var result = new CompletableFuture<ExitStatus>();
    until(
        pidfd,
        READABLE,
        result,
        (self, ready) -> {
          try {
            Optional<ExitStatus> status = ProcessCalls.reap(pidfd);
            if (status.isPresent()) {
              self.close();
              result.complete(status.get());
            }
          } catch (ErrnoException e) {
            self.close();
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  private void until(Fd fd, int events, CompletableFuture<?> result, Handler handler) {
    Registration registration = watch(fd, events, handler);
    registration.future.set(result);
    if (registration.isClosed() && closed.get()) {
      registration.abandon();
    }
    result.whenComplete((_, _) -> registration.close());
  }

  private void loop() {
    MemorySegment events = Arena.ofAuto().allocate((long) BATCH * EpollCalls.EVENT_SIZE, 8);
    try {
      while (!closed.get()) {
        int count = EpollCalls.await(epoll, events);
        for (int i = 0; i < count; i++) {
          dispatch(EpollCalls.key(events, i), EpollCalls.events(events, i));
        }
      }
    } finally {
      if (!closed.get()) {
        registrations.values().forEach(Registration::abandon);
      }
    }
  }

  private void dispatch(long key, int ready) {
    Registration registration = registrations.get(key);
    if (registration == null) {
      return;
    }
    try {
      executor.execute(() -> registration.run(ready));
    } catch (RejectedExecutionException e) {
      registration.close();
      registration.abandon();
    }
  }

  /**
   * Stops waiting: registrations end, futures that are not complete are cancelled. Handlers that
   * run are not awaited. Descriptors stay open.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    FileIo.write(wakeUp, ONE, 0, ONE.length);
    boolean ended = Thread.currentThread() != thread && joined();
    registrations.values().forEach(Registration::abandon);
    registrations.clear();
    if (ended) {
      epoll.close();
      wakeUp.close();
    }
  }

  private boolean joined() {
    boolean interrupted = false;
    long deadline = System.nanoTime() + JOIN.toNanos();
    while (thread.isAlive() && System.nanoTime() < deadline) {
      try {
        thread.join(JOIN);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return !thread.isAlive();
  }

  /** That a loop waits for a descriptor; to be closed before the descriptor is. */
  public static final class Registration implements AutoCloseable {
    private final EventLoop loop;
    private final long key;
    private final Fd fd;
    private final int events;
    private final Handler handler;
    private final AtomicReference<@Nullable CompletableFuture<?>> future = new AtomicReference<>();
    private boolean closed;

    private Registration(EventLoop loop, long key, Fd fd, int events, Handler handler) {
      this.loop = loop;
      this.key = key;
      this.fd = fd;
      this.events = events;
      this.handler = handler;
    }

    private synchronized boolean isClosed() {
      return closed;
    }

    private void run(int ready) {
      if (isClosed()) {
        return;
      }
      try {
        handler.ready(this, ready);
        rearm();
      } catch (Throwable t) {
        close();
        throw t;
      }
    }

    private synchronized void arm() {
      if (closed || loop.closed.get()) {
        throw new IllegalStateException("event loop: closed");
      }
      EpollCalls.control(loop.epoll, EpollCalls.ADD, fd, events | EpollCalls.ONESHOT, key);
    }

    private synchronized void rearm() {
      if (!closed && !loop.closed.get() && fd.isOpen()) {
        EpollCalls.control(loop.epoll, EpollCalls.MODIFY, fd, events | EpollCalls.ONESHOT, key);
      }
    }

    /** No handler starts after this; one that runs may go on. Later calls do nothing. */
    @Override
    public synchronized void close() {
      if (closed) {
        return;
      }
      closed = true;
      if (!loop.closed.get() && fd.isOpen()) {
        EpollCalls.control(loop.epoll, EpollCalls.DELETE, fd, 0, key);
      }
      loop.registrations.remove(key);
    }

    private void abandon() {
      synchronized (this) {
        closed = true;
      }
      CompletableFuture<?> waiting = future.get();
      if (waiting != null) {
        waiting.completeExceptionally(new CancellationException("event loop: closed"));
      }
    }
  }
}
