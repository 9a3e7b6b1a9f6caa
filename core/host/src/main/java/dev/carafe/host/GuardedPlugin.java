package dev.carafe.host;

import dev.carafe.host.GuardTarget.Route;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.plugins.Caller;
import dev.carafe.spi.plugins.Deadline;
import dev.carafe.spi.plugins.Direct;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What others hold instead of a plugin: the same contract, but each call runs on a virtual thread
 * of its own, takes a place in the plugin's bulkhead, and is waited for no longer than its {@link
 * Deadline}. {@link Direct} methods run on the caller's thread.
 *
 * <p>What a call throws: the SPI's errors and other RuntimeExceptions as they are; an Error as an
 * IllegalStateException that names the plugin, since a plugin's broken link or stack overflow is no
 * reason for its caller to die (OutOfMemoryError passes: it is the daemon's); an interrupt of the
 * caller as InterruptedException where the method declares it, else as CancelledException with the
 * caller's flag set.
 *
 * <p>Who holds a guard does not own the plugin: {@code close()} does nothing. The host closes what
 * it created.
 *
 * <p>Objects that a call returns (writers, streams, repositories) are not guarded: they are the
 * data plane, and their users bound them by progress.
 */
final class GuardedPlugin implements InvocationHandler {
  private static final Logger log = LoggerFactory.getLogger(GuardedPlugin.class);
  private static final long PATIENCE_NANOS = 500_000_000L;
  private static final Object AGAIN = new Object();
  private static final long LONGEST_HOLD_NANOS = 60_000_000_000L;

  /**
   * What a plugin may take.
   *
   * @param deadlineSeconds for every bounded method in place of what it declares, or 0
   */
  record Limits(int deadlineSeconds, int maxCalls, int maxWaits) {}

  private final String uri;
  private final Class<?> contract;
  private final Object proxy;
  private final LongAdder started = new LongAdder();
  private final LongAdder nanos = new LongAdder();
  private final LongAdder failures = new LongAdder();
  private final LongAdder deadlineHits = new LongAdder();
  private final LongAdder refused = new LongAdder();
  private final AtomicInteger badInARow = new AtomicInteger();
  private final Lock lock = new ReentrantLock();
  private final Condition resumed = lock.newCondition();
  private volatile GuardTarget target;
  private volatile boolean held;

  /**
   * @param loader the context class loader of calls, or null for the daemon's
   */
  GuardedPlugin(String uri, Class<?> contract, Limits limits, @Nullable ClassLoader loader) {
    this.uri = uri;
    this.contract = contract;
    this.target = new GuardTarget(uri, contract, null, limits, loader);
    this.proxy = Proxy.newProxyInstance(contract.getClassLoader(), new Class<?>[] {contract}, this);
  }

  /** Puts the plugin behind the guard; before the guard is shown to anybody. */
  void guard(Object plugin) {
    GuardTarget before = target;
    target = new GuardTarget(uri, contract, plugin, before.limits(), before.loader());
  }

  /** Puts another plugin behind the guard, and lets the calls that were held go on with it. */
  void replace(Object plugin, Limits limits, @Nullable ClassLoader loader) {
    goOn(new GuardTarget(uri, contract, plugin, limits, loader));
  }

  /**
   * Holds new calls and waits for those that are in flight. Those that wait for the world are
   * interrupted, and begin again when the plugin is back.
   *
   * @return whether all have returned
   */
  boolean hold(Duration atMost) {
    held = true;
    GuardTarget now = target;
    now.close();
    now.interruptWaits();
    long end = System.nanoTime() + atMost.toNanos();
    return now.awaitEmpty(end);
  }

  /** Ends {@link #hold} with the plugin that was there before. */
  void release() {
    GuardTarget now = target;
    now.reopen();
    goOn(now);
  }

  /** Lets go of the plugin: calls are refused from now on. */
  void forget() {
    GuardTarget nothing = new GuardTarget(uri, contract, null, target.limits(), null);
    nothing.close();
    goOn(nothing);
  }

  private void goOn(GuardTarget next) {
    lock.lock();
    try {
      target = next;
      held = false;
      resumed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  Object proxy() {
    return proxy;
  }

  CallCounters counters() {
    return new CallCounters(
        started.sum(),
        failures.sum(),
        deadlineHits.sum(),
        refused.sum(),
        target.inFlight(),
        badInARow.get());
  }

  /** How long the bounded calls took together that came back in time. */
  Duration callTime() {
    return Duration.ofNanos(nanos.sum());
  }

  /**
   * Refuses new calls, interrupts those that wait for the world, and waits for the others, which
   * are interrupted too when they have had half a second.
   *
   * @return whether all calls have returned
   */
  boolean drain(Duration atMost) {
    return target.drain(atMost, PATIENCE_NANOS);
  }

  @Override
  public @Nullable Object invoke(Object self, Method method, @Nullable Object @Nullable [] args)
      throws Throwable {
    if (method.getDeclaringClass() == Object.class) {
      return ofObject(method, args);
    }
    if (method.getName().equals("close") && method.getParameterCount() == 0) {
      return null;
    }
    GuardTarget now = target;
    Route route = now.route(method);
    if (route.direct()) {
      return direct(route, args);
    }
    while (true) {
      MethodCall call = new MethodCall(route, args, now);
      if (call.bulkhead.enter(call)) {
        Object result = guarded(route, call, now);
        if (result != AGAIN) {
          return result;
        }
      }
      now = other(now, route, call.bulkhead);
      route = now.route(method);
    }
  }

  /** Whether a call that waits for the world was interrupted to make room for another plugin. */
  private boolean wasHeld(Route route, GuardTarget called, Throwable failure) {
    return route.unbounded()
        && (failure instanceof InterruptedException || failure instanceof CancelledException)
        && !Thread.currentThread().isInterrupted()
        && (held || target != called);
  }

  /** Calls in flight that are waited for only so long. */
  int boundedCalls() {
    return target.callsInFlight();
  }

  /** What to call now that there was no place: while a plugin is reloaded, its callers wait. */
  private GuardTarget other(GuardTarget before, Route route, Bulkhead full) throws Throwable {
    if (!full.isClosed()) {
      refused.increment();
      throw new UnavailableException("plugin " + uri + " has " + full.limit() + " calls in flight");
    }
    long left = route.nanos() == 0 ? LONGEST_HOLD_NANOS : route.nanos();
    lock.lock();
    try {
      while (held) {
        if (left <= 0) {
          refused.increment();
          throw new UnavailableException("plugin " + uri + " is being reloaded");
        }
        left = resumed.awaitNanos(left);
      }
      if (full.isClosed() && target == before) {
        refused.increment();
        throw new UnavailableException("plugin " + uri + " is closed");
      }
      return target;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted(route, null);
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Object guarded(Route route, MethodCall call, GuardTarget called)
      throws Throwable {
    started.increment();
    call.start(route.threads());
    return switch (call.await(route.nanos())) {
      case DONE -> {
        if (!route.unbounded()) {
          nanos.add(call.nanos());
        }
        if (call.failure() == null) {
          badInARow.setPlain(0);
        }
        Throwable failure = call.failure();
        if (failure != null && wasHeld(route, called, failure)) {
          yield AGAIN;
        }
        if (failure != null) {
          throw translated(route, failure);
        }
        yield call.result();
      }
      case TIMED_OUT -> {
        deadlineHits.increment();
        badInARow.incrementAndGet();
        log.warn("{} did not return in {} s", route.label(), route.nanos() / 1_000_000_000L);
        throw new DeadlineExceededException(
            route.label() + " did not return in " + route.nanos() / 1_000_000_000L + " s");
      }
      case INTERRUPTED -> {
        log.warn("{} does not obey an interrupt", route.label());
        throw interrupted(route, null);
      }
    };
  }

  private @Nullable Object direct(Route route, @Nullable Object @Nullable [] args)
      throws Throwable {
    started.increment();
    try {
      return route.handle().invokeExact(args);
    } catch (Throwable e) {
      throw translated(route, e);
    }
  }

  private Throwable translated(Route route, Throwable failure) {
    if (failure instanceof DaemonException) {
      return failure;
    }
    if (failure instanceof InterruptedException) {
      return interrupted(route, failure);
    }
    failures.increment();
    badInARow.incrementAndGet();
    if (failure instanceof OutOfMemoryError) {
      return failure;
    }
    log.warn("{} failed", route.label(), failure);
    return failure instanceof RuntimeException || declares(route.method(), failure)
        ? failure
        : new IllegalStateException(
            route.label()
                + ": "
                + failure
                + (Failures.isOfOtherSpi(failure) ? Failures.SPI_HINT : ""),
            failure);
  }

  private static Throwable interrupted(Route route, @Nullable Throwable cause) {
    if (declares(route.method(), new InterruptedException())) {
      Thread.interrupted();
      return cause == null ? new InterruptedException(route.label() + ": interrupted") : cause;
    }
    String message = route.label() + ": interrupted";
    return cause == null ? new CancelledException(message) : new CancelledException(message, cause);
  }

  private static boolean declares(Method method, Throwable failure) {
    for (Class<?> declared : method.getExceptionTypes()) {
      if (declared.isInstance(failure)) {
        return true;
      }
    }
    return false;
  }

  /** A guard is itself, whatever the plugin thinks. */
  private Object ofObject(Method method, @Nullable Object @Nullable [] args) {
    return switch (method.getName()) {
      case "equals" -> args != null && args[0] == proxy;
      case "hashCode" -> System.identityHashCode(proxy);
      default -> uri;
    };
  }

  /** One guarded call of a method. */
  private static final class MethodCall extends PluginCall {
    private final Route route;
    private final @Nullable Object @Nullable [] args;
    private final Bulkhead bulkhead;
    private final Caller caller = Caller.current();

    MethodCall(Route route, @Nullable Object @Nullable [] args, GuardTarget target) {
      super(target.loader());
      this.route = route;
      this.args = args;
      this.bulkhead = target.bulkhead(route);
    }

    @Override
    @Nullable Object work() throws Throwable {
      return caller == Caller.NOBODY
          ? invoke()
          : caller.<@Nullable Object, Throwable>call(this::invoke);
    }

    private @Nullable Object invoke() throws Throwable {
      return route.handle().invokeExact(args);
    }

    @Override
    void ended() {
      bulkhead.leave(this);
    }
  }
}
