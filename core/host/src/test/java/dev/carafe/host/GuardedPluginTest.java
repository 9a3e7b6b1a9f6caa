package dev.carafe.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.plugins.Caller;
import dev.carafe.spi.plugins.Deadline;
import dev.carafe.spi.plugins.Direct;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class GuardedPluginTest {
  /** A contract with one method of each kind; each does what the test wants. */
  @Deadline(1)
  public interface Contract {
    @Nullable Object call() throws IOException;

    @Deadline(3600)
    @Nullable Object patient();

    @Deadline(Deadline.UNBOUNDED)
    @Nullable Object waitForWorld() throws InterruptedException;

    @Deadline(Deadline.UNBOUNDED)
    @Nullable Object waitQuietly();

    @Direct
    @Nullable Object direct();

    int add(int a, int b);
  }

  private record Plugin(Callable<@Nullable Object> code) implements Contract {
    @Override
    public @Nullable Object call() {
      return run();
    }

    @Override
    public @Nullable Object patient() {
      return run();
    }

    @Override
    public @Nullable Object waitForWorld() {
      return run();
    }

    @Override
    public @Nullable Object waitQuietly() {
      return run();
    }

    @Override
    public @Nullable Object direct() {
      return run();
    }

    @Override
    public int add(int a, int b) {
      return a + b;
    }

    private @Nullable Object run() {
      try {
        return code.call();
      } catch (Exception e) {
        throw GuardedPluginTest.<RuntimeException>sneaky(e);
      }
    }
  }

  private static final GuardedPlugin.Limits ROOMY = new GuardedPlugin.Limits(0, 256, 256);

  @Test
  void callsRunOnAVirtualThreadNamedAfterPluginAndMethod() throws Exception {
    Contract plugin = contract(guard(Thread::currentThread, ROOMY));

    Thread thread = assertInstanceOf(Thread.class, plugin.call());

    assertTrue(thread.isVirtual());
    assertNotSame(Thread.currentThread(), thread);
    assertEquals("plugin t.p: call", thread.getName());
  }

  @Test
  void directMethodsRunOnTheCallersThread() {
    assertSame(Thread.currentThread(), contract(guard(Thread::currentThread, ROOMY)).direct());
  }

  @Test
  void thePluginKnowsWhoCalls() throws Exception {
    Contract plugin = contract(guard(Caller::current, ROOMY));
    Caller caller = new Caller("default", "lease");

    assertEquals(caller, caller.call(plugin::call));
    assertEquals(caller, caller.call(plugin::direct));
    assertEquals(Caller.NOBODY, plugin.call());
  }

  @Test
  void argumentsAndResultsPass() {
    assertEquals(5, contract(guard(() -> null, ROOMY)).add(2, 3));
  }

  @Test
  void afterTheDeadlineTheCallerLeavesAndThePluginIsInterrupted() throws Exception {
    CountDownLatch interrupted = new CountDownLatch(1);
    GuardedPlugin guard =
        guard(
            () -> {
              try {
                return new CountDownLatch(1).await(1, TimeUnit.HOURS);
              } catch (InterruptedException e) {
                interrupted.countDown();
                throw e;
              }
            },
            ROOMY);

    DeadlineExceededException thrown =
        assertThrows(DeadlineExceededException.class, () -> contract(guard).call());

    assertEquals("plugin t.p: call did not return in 1 s", thrown.getMessage());
    assertTrue(interrupted.await(10, TimeUnit.SECONDS));
    assertEquals(1, guard.counters().deadlineHits());
  }

  @Test
  void aStuckCallKeepsItsPlaceUntilItReturns() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    GuardedPlugin guard = guard(() -> stubborn(release), new GuardedPlugin.Limits(0, 1, 1));
    Contract plugin = contract(guard);
    assertThrows(DeadlineExceededException.class, plugin::call);

    UnavailableException refused = assertThrows(UnavailableException.class, plugin::call);
    assertEquals("plugin t.p has 1 calls in flight", refused.getMessage());
    assertEquals(1, guard.counters().inFlight());

    release.countDown();
    eventually(() -> guard.counters().inFlight() == 0);
    assertEquals("done", plugin.call());
    assertEquals(new CallCounters(2, 0, 1, 1, 0, 0), guard.counters());
  }

  @Test
  void callsThatWaitForTheWorldTakeNoPlaceOfOthers() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    GuardedPlugin guard =
        guard(
            () -> {
              entered.countDown();
              return release.await(1, TimeUnit.HOURS);
            },
            new GuardedPlugin.Limits(0, 1, 1));
    Contract plugin = contract(guard);
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Object> waiting = callers.submit(plugin::waitForWorld);
      assertTrue(entered.await(10, TimeUnit.SECONDS));

      assertEquals(3, plugin.add(1, 2));
      assertThrows(UnavailableException.class, plugin::waitForWorld);

      release.countDown();
      assertEquals(true, waiting.get(10, TimeUnit.SECONDS));
    }
  }

  @Test
  void configurationReplacesTheDeadlinesOfBoundedCalls() {
    GuardedPlugin guard =
        guard(
            () -> new CountDownLatch(1).await(1, TimeUnit.HOURS),
            new GuardedPlugin.Limits(1, 5, 5));

    assertThrows(DeadlineExceededException.class, () -> contract(guard).patient());
  }

  @Test
  void anInterruptOfTheCallerReachesThePluginAndEndsTheWait() throws Exception {
    CountDownLatch interrupted = new CountDownLatch(1);
    CountDownLatch entered = new CountDownLatch(2);
    Contract plugin =
        contract(
            guard(
                () -> {
                  entered.countDown();
                  try {
                    return new CountDownLatch(1).await(1, TimeUnit.HOURS);
                  } catch (InterruptedException e) {
                    interrupted.countDown();
                    throw e;
                  }
                },
                ROOMY));
    AtomicReference<Throwable> declared = new AtomicReference<>();
    AtomicReference<Throwable> undeclared = new AtomicReference<>();
    AtomicReference<Boolean> flag = new AtomicReference<>();
    Thread first = Thread.startVirtualThread(() -> catching(plugin::waitForWorld, declared));
    Thread second =
        Thread.startVirtualThread(() -> {
          catching(plugin::waitQuietly, undeclared);
          flag.set(Thread.currentThread().isInterrupted());
        });
    assertTrue(entered.await(10, TimeUnit.SECONDS));

    first.interrupt();
    second.interrupt();

    assertTrue(first.join(Duration.ofSeconds(10)) && second.join(Duration.ofSeconds(10)));
    assertTrue(interrupted.await(10, TimeUnit.SECONDS));
    assertInstanceOf(InterruptedException.class, declared.get());
    assertInstanceOf(CancelledException.class, undeclared.get());
    assertEquals(true, flag.get());
  }

  @Test
  void anInterruptedCallerLeavesAPluginThatDoesNotObey() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch entered = new CountDownLatch(1);
    GuardedPlugin guard =
        guard(
            () -> {
              entered.countDown();
              return stubborn(release);
            },
            ROOMY);
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread caller =
        Thread.startVirtualThread(() -> catching(contract(guard)::waitForWorld, thrown));
    assertTrue(entered.await(10, TimeUnit.SECONDS));

    caller.interrupt();

    assertTrue(caller.join(Duration.ofSeconds(10)));
    assertInstanceOf(InterruptedException.class, thrown.get());
    assertEquals(1, guard.counters().inFlight());
    release.countDown();
    eventually(() -> guard.counters().inFlight() == 0);
  }

  @Test
  void aResultThatComesTooLateIsClosed() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    GuardedPlugin guard =
        guard(
            () -> {
              stubborn(release);
              return (AutoCloseable) closed::countDown;
            },
            ROOMY);
    assertThrows(DeadlineExceededException.class, () -> contract(guard).call());

    release.countDown();

    assertTrue(closed.await(10, TimeUnit.SECONDS));
  }

  @Test
  void errorsOfTheSpiPassAsTheyAreAndAreNoFailures() {
    NotFoundException original = new NotFoundException("x: not found");
    GuardedPlugin guard = throwing(original);

    assertSame(original, assertThrows(NotFoundException.class, () -> contract(guard).call()));
    assertEquals(0, guard.counters().failures());
  }

  @Test
  void otherRuntimeExceptionsPassAsTheyAreAndAreFailures() {
    IllegalArgumentException original = new IllegalArgumentException("oops");
    GuardedPlugin guard = throwing(original);

    assertSame(
        original, assertThrows(IllegalArgumentException.class, () -> contract(guard).call()));
    assertSame(
        original, assertThrows(IllegalArgumentException.class, () -> contract(guard).direct()));
    assertEquals(2, guard.counters().failures());
  }

  @Test
  void anErrorOfThePluginDoesNotReachItsCaller() {
    Error original = new NoClassDefFoundError("a/b/C");
    GuardedPlugin guard = throwing(original);

    IllegalStateException thrown =
        assertThrows(IllegalStateException.class, () -> contract(guard).call());

    assertEquals("plugin t.p: call: java.lang.NoClassDefFoundError: a/b/C", thrown.getMessage());
    assertSame(original, thrown.getCause());
  }

  @Test
  void aStackOverflowOfThePluginDoesNotReachItsCaller() {
    GuardedPlugin guard = guard(GuardedPluginTest::endless, ROOMY);

    assertInstanceOf(
        StackOverflowError.class,
        assertThrows(IllegalStateException.class, () -> contract(guard).call()).getCause());
  }

  @Test
  void outOfMemoryPasses() {
    assertThrows(
        OutOfMemoryError.class, () -> contract(throwing(new OutOfMemoryError("heap"))).call());
  }

  @Test
  void checkedExceptionsPassOnlyWhereDeclared() {
    GuardedPlugin guard = throwing(new IOException("disk"));

    assertThrows(IOException.class, () -> contract(guard).call());
    assertThrows(IllegalStateException.class, () -> contract(guard).patient());
  }

  @Test
  void aGuardIsItselfWhateverThePluginIs() {
    Contract one = contract(guard(() -> null, ROOMY));
    Contract other = contract(guard(() -> null, ROOMY));

    assertEquals(one, one);
    assertNotEquals(one, other);
    assertEquals(System.identityHashCode(one), one.hashCode());
    assertEquals("t.p", one.toString());
  }

  @Test
  void callsSeeTheLoaderOfTheirJar() throws Exception {
    try (URLClassLoader loader = new URLClassLoader(new URL[0])) {
      GuardedPlugin guard = new GuardedPlugin("t.p", Contract.class, ROOMY, loader);
      guard.guard(new Plugin(() -> Thread.currentThread().getContextClassLoader()));

      assertSame(loader, contract(guard).call());
    }
  }

  @Test
  void drainingEndsWaitsAndRefusesNewCalls() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    GuardedPlugin guard =
        guard(
            () -> {
              entered.countDown();
              return new CountDownLatch(1).await(1, TimeUnit.HOURS);
            },
            ROOMY);
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread waiting =
        Thread.startVirtualThread(() -> catching(contract(guard)::waitForWorld, thrown));
    assertTrue(entered.await(10, TimeUnit.SECONDS));

    assertTrue(guard.drain(Duration.ofSeconds(20)));

    assertTrue(waiting.join(Duration.ofSeconds(10)));
    assertInstanceOf(InterruptedException.class, thrown.get());
    assertEquals(
        "plugin t.p is closed",
        assertThrows(UnavailableException.class, () -> contract(guard).add(1, 1)).getMessage());
  }

  @Test
  void drainingGivesUpOnAStuckCall() {
    CountDownLatch release = new CountDownLatch(1);
    GuardedPlugin guard = guard(() -> stubborn(release), ROOMY);
    assertThrows(DeadlineExceededException.class, () -> contract(guard).call());

    assertFalse(guard.drain(Duration.ofMillis(50)));
    release.countDown();
  }

  private static GuardedPlugin guard(Callable<@Nullable Object> code, GuardedPlugin.Limits limits) {
    GuardedPlugin guard = new GuardedPlugin("t.p", Contract.class, limits, null);
    guard.guard(new Plugin(code));
    return guard;
  }

  private static GuardedPlugin throwing(Throwable failure) {
    return guard(
        () -> {
          throw GuardedPluginTest.<RuntimeException>sneaky(failure);
        },
        ROOMY);
  }

  private static Contract contract(GuardedPlugin guard) {
    return (Contract) guard.proxy();
  }

  /** Waits, whatever interrupts it. */
  private static Object stubborn(CountDownLatch release) {
    while (true) {
      try {
        release.await();
        return "done";
      } catch (InterruptedException e) {
        // That is the point.
      }
    }
  }

  private static Object endless() {
    return "" + endless();
  }

  private static void catching(Callable<?> call, AtomicReference<Throwable> thrown) {
    try {
      call.call();
    } catch (Throwable e) {
      thrown.set(e);
    }
  }

  private static void eventually(Callable<Boolean> condition) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (!condition.call()) {
      assertTrue(System.nanoTime() < deadline, "did not happen in 10 s");
      Thread.onSpinWait();
    }
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> E sneaky(Throwable failure) throws E {
    throw (E) failure;
  }
}
