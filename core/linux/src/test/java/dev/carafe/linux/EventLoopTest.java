package dev.carafe.linux;

import static dev.carafe.linux.Sandbox.assertErrno;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EventLoopTest {
  private final int descriptorsBefore = Sandbox.openDescriptors();
  private final EventLoop loop = EventLoop.start("carafe-test-events", 100);

  @AfterEach
  void cleanUp() {
    loop.close();
    loop.close();
    assertEquals(descriptorsBefore, Sandbox.openDescriptors());
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(20, TimeUnit.SECONDS);
  }

  private static Spawned sleeper() {
    return Spawn.of("/bin/sleep").arguments("1000").start();
  }

  @Test
  void theExitOfManyChildrenIsReapedAndTold() throws Exception {
    List<Spawned> children = new ArrayList<>();
    List<CompletableFuture<ExitStatus>> exits = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      Spawned child = Spawn.of("/bin/sh").arguments("-c", "exit " + i).start();
      children.add(child);
      exits.add(loop.exit(child.pidfd()));
    }
    for (int i = 0; i < 50; i++) {
      assertEquals(new ExitStatus(i, 0), get(exits.get(i)));
      assertTrue(ProcessStat.of(children.get(i).pid()).isEmpty());
      children.get(i).close();
    }
  }

  @Test
  void aSignalThatKillsIsTold() throws Exception {
    try (Spawned child = sleeper()) {
      CompletableFuture<ExitStatus> exit = loop.exit(child.pidfd());
      assertFalse(exit.isDone());
      ProcessCalls.pidfdSendSignal(child.pidfd(), Signals.SIGKILL);
      assertEquals(new ExitStatus(0, Signals.SIGKILL), get(exit));
    }
  }

  @Test
  void theEndOfAProcessThatIsNoChildIsTold() throws Exception {
    try (Descriptors.Pair pipe = Descriptors.pipe2(0)) {
      try (Spawned shell =
          Spawn.of("/bin/sh")
              .arguments("-c", "sleep 1000 >/dev/null & echo $!")
              .descriptor(1, pipe.second())
              .start()) {
        get(loop.exit(shell.pidfd()));
      }
      byte[] line = new byte[20];
      int length = FileIo.read(pipe.first(), line, 0, line.length);
      long pid = Long.parseLong(new String(line, 0, length).strip());
      try (Fd pidfd = ProcessCalls.pidfdOpen(pid)) {
        CompletableFuture<Integer> ended = loop.ended(pidfd);
        ProcessCalls.pidfdSendSignal(pidfd, Signals.SIGKILL);
        assertTrue((get(ended) & EventLoop.READABLE) != 0);
        var thrown = assertThrows(ExecutionException.class, () -> get(loop.exit(pidfd)));
        assertEquals(
            Errno.ECHILD, assertInstanceOf(ErrnoException.class, thrown.getCause()).errno());
      }
    }
  }

  @Test
  void handlersAreCalledAgainUntilNothingIsLeft() throws Exception {
    try (Descriptors.Pair pipe = Descriptors.pipe2(OpenFlags.NONBLOCK)) {
      BlockingQueue<Integer> read = new LinkedBlockingQueue<>();
      AtomicInteger concurrent = new AtomicInteger();
      EventLoop.Registration registration =
          loop.watch(
              pipe.first(),
              EventLoop.READABLE,
              (self, events) -> {
                assertEquals(1, concurrent.incrementAndGet());
                byte[] one = new byte[1];
                read.add(FileIo.read(pipe.first(), one, 0, 1) + one[0]);
                concurrent.decrementAndGet();
              });
      FileIo.write(pipe.second(), new byte[] {1, 2, 3}, 0, 3);
      for (int expected = 2; expected <= 4; expected++) {
        assertEquals(expected, read.poll(20, TimeUnit.SECONDS));
      }
      FileIo.write(pipe.second(), new byte[] {9}, 0, 1);
      assertEquals(10, read.poll(20, TimeUnit.SECONDS));
      registration.close();
      registration.close();
      FileIo.write(pipe.second(), new byte[] {9}, 0, 1);
      assertTrue((get(loop.ready(pipe.first(), EventLoop.READABLE)) & EventLoop.READABLE) != 0);
      assertEquals(0, read.size());
    }
  }

  @Test
  void aHangUpIsReported() throws Exception {
    try (Descriptors.Pair pipe = Descriptors.pipe2(OpenFlags.NONBLOCK)) {
      CompletableFuture<Integer> ready = loop.ready(pipe.first(), 0);
      pipe.second().close();
      assertEquals(EventLoop.HANGUP, get(ready));
    }
  }

  @Test
  void aHandlerThatThrowsIsDeregistered() throws Exception {
    try (Descriptors.Pair pipe = Descriptors.pipe2(OpenFlags.NONBLOCK)) {
      var handled = new CompletableFuture<Thread>();
      var caught = new CompletableFuture<Throwable>();
      loop.watch(
          pipe.second(),
          EventLoop.WRITABLE,
          (self, events) -> {
            Thread.currentThread().setUncaughtExceptionHandler((_, t) -> caught.complete(t));
            handled.complete(Thread.currentThread());
            throw new IllegalStateException("mine");
          });
      assertTrue(get(handled).isVirtual());
      assertEquals("mine", get(caught).getMessage());
      get(loop.ready(pipe.second(), EventLoop.WRITABLE));
    }
  }

  @Test
  void cancellingAFutureEndsTheWait() {
    try (Spawned child = sleeper()) {
      assertTrue(loop.exit(child.pidfd()).cancel(false));
      CompletableFuture<Integer> ended = loop.ended(child.pidfd());
      assertErrno(Errno.EEXIST, () -> loop.ended(child.pidfd()));
      ended.cancel(false);
      ProcessCalls.pidfdSendSignal(child.pidfd(), Signals.SIGKILL);
      ProcessCalls.waitFor(child.pidfd());
    }
  }

  @Test
  void aFullLoopAndAFileAreRefused() {
    try (EventLoop small = EventLoop.start("small", 1);
        Descriptors.Pair pipe = Descriptors.pipe2(0);
        Sandbox box = new Sandbox();
        Fd file = box.create("f")) {
      assertErrno(Errno.EPERM, () -> small.ready(file, EventLoop.READABLE));
      CompletableFuture<Integer> one = small.ready(pipe.first(), EventLoop.READABLE);
      assertThrows(
          IllegalStateException.class, () -> small.ready(pipe.second(), EventLoop.WRITABLE));
      one.cancel(true);
      small.ready(pipe.first(), EventLoop.READABLE);
    }
  }

  @Test
  void closingTheLoopCancelsWhatWaits() {
    try (Descriptors.Pair pipe = Descriptors.pipe2(0)) {
      EventLoop other = EventLoop.start("other", 10);
      CompletableFuture<Integer> ready = other.ready(pipe.first(), EventLoop.READABLE);
      other.close();
      assertThrows(CancellationException.class, () -> get(ready));
      assertThrows(
          IllegalStateException.class, () -> other.ready(pipe.first(), EventLoop.READABLE));
    }
  }

  @Test
  void registeringFromManyThreadsWhileItClosesEndsEveryWait() throws Exception {
    for (int round = 0; round < 20; round++) {
      EventLoop other = EventLoop.start("other", 1000);
      var futures = new LinkedBlockingQueue<CompletableFuture<Integer>>();
      var pipes = new LinkedBlockingQueue<Descriptors.Pair>();
      var threads = new ArrayList<Thread>();
      for (int t = 0; t < 4; t++) {
        threads.add(
            Thread.ofPlatform()
                .start(() -> {
                  try {
                    for (int i = 0; i < 50; i++) {
                      Descriptors.Pair pipe = Descriptors.pipe2(0);
                      pipes.add(pipe);
                      futures.add(other.ready(pipe.first(), EventLoop.READABLE));
                      futures.add(other.ready(pipe.second(), EventLoop.WRITABLE));
                    }
                  } catch (IllegalStateException e) {
                    // The loop was closed meanwhile.
                  }
                }));
      }
      Descriptors.Pair first = pipes.take();
      other.close();
      for (Thread thread : threads) {
        thread.join();
      }
      for (CompletableFuture<Integer> future : futures) {
        try {
          assertEquals(EventLoop.WRITABLE, get(future));
        } catch (CancellationException e) {
          assertTrue(future.isCompletedExceptionally());
        }
      }
      pipes.forEach(Descriptors.Pair::close);
      first.close();
    }
  }

  @Test
  void inotifyTellsWhatHappenedInADirectory() throws Exception {
    try (Sandbox box = new Sandbox();
        Inotify inotify = Inotify.open()) {
      int watch = inotify.add(box.dir.procPath(), Inotify.CREATE | Inotify.CLOSE_WRITE);
      assertEquals(List.of(), inotify.read());
      CompletableFuture<Integer> ready = loop.ready(inotify.fd(), EventLoop.READABLE);
      box.create("a-name").close();
      get(ready);
      assertEquals(
          List.of(
              new Inotify.Event(watch, Inotify.CREATE, RawPath.of("a-name")),
              new Inotify.Event(watch, Inotify.CLOSE_WRITE, RawPath.of("a-name"))),
          inotify.read());
      inotify.remove(watch);
      assertEquals(Inotify.IGNORED, inotify.read().getFirst().mask());
      assertErrno(Errno.ENOENT, () -> inotify.add(RawPath.of("/no/such"), Inotify.CREATE));
    }
  }

  @Test
  void fifosAndListenersBecomeReadable() throws Exception {
    try (Sandbox box = new Sandbox()) {
      PathCalls.mkfifoat(box.dir, RawPath.of("fifo"), 0600);
      RawPath address = RawPath.of(box.path.resolve("socket"));
      int flags = OpenFlags.NONBLOCK;
      try (Fd reader = PathCalls.openat(box.dir, RawPath.of("fifo"), OpenFlags.RDONLY | flags, 0);
          Fd writer = PathCalls.openat(box.dir, RawPath.of("fifo"), OpenFlags.WRONLY, 0);
          Fd listener = SocketCalls.listen(address, SocketCalls.STREAM | flags, 4)) {
        CompletableFuture<Integer> bytes = loop.ready(reader, EventLoop.READABLE);
        CompletableFuture<Integer> connection = loop.ready(listener, EventLoop.READABLE);
        assertFalse(bytes.isDone() || connection.isDone());
        assertErrno(Errno.EAGAIN, () -> SocketCalls.accept(listener, 0));
        FileIo.write(writer, new byte[1], 0, 1);
        get(bytes);
        try (Fd client = SocketCalls.connect(address, SocketCalls.STREAM)) {
          get(connection);
          SocketCalls.accept(listener, 0).close();
          assertTrue(client.isOpen());
        }
      }
    }
  }
}
