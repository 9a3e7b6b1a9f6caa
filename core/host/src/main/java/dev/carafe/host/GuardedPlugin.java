package dev.carafe.host;

import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.plugins.Caller;
import dev.carafe.spi.plugins.Deadline;
import dev.carafe.spi.plugins.Direct;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.LongAdder;
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
  private static final MethodType ERASED = MethodType.methodType(Object.class, Object[].class);

  /** How a method is called. */
  private record Route(
      Method method,
      String label,
      MethodHandle handle,
      boolean direct,
      boolean unbounded,
      long nanos,
      ThreadFactory threads) {}

  /**
   * What a plugin may take.
   *
   * @param deadlineSeconds for every bounded method in place of what it declares, or 0
   */
  record Limits(int deadlineSeconds, int maxCalls, int maxWaits) {}

  private final String uri;
  private final Class<?> contract;
  private final Object proxy;
  private final Bulkhead calls;
  private final Bulkhead waits;
  private final int deadlineSeconds;
  private final @Nullable ClassLoader loader;
  private final ConcurrentMap<Method, Route> routes = new ConcurrentHashMap<>();
  private final LongAdder started = new LongAdder();
  private final LongAdder nanos = new LongAdder();
  private final LongAdder failures = new LongAdder();
  private final LongAdder deadlineHits = new LongAdder();
  private final LongAdder refused = new LongAdder();
  private volatile @Nullable Object instance;

  /**
   * @param loader the context class loader of calls, or null for the daemon's
   */
  GuardedPlugin(String uri, Class<?> contract, Limits limits, @Nullable ClassLoader loader) {
    this.uri = uri;
    this.contract = contract;
    this.calls = new Bulkhead(limits.maxCalls());
    this.waits = new Bulkhead(limits.maxWaits());
    this.deadlineSeconds = limits.deadlineSeconds();
    this.loader = loader;
    this.proxy = Proxy.newProxyInstance(contract.getClassLoader(), new Class<?>[] {contract}, this);
  }

  /** Puts the plugin behind the guard; before the guard is shown to anybody. */
  void guard(Object plugin) {
    instance = plugin;
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
        calls.inFlight() + waits.inFlight());
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
    long start = System.nanoTime();
    calls.close();
    waits.close();
    waits.interruptAll();
    boolean empty = calls.awaitEmpty(start + Math.min(atMost.toNanos() / 2, PATIENCE_NANOS));
    if (!empty) {
      calls.interruptAll();
    }
    waits.interruptAll();
    long end = start + atMost.toNanos();
    return calls.awaitEmpty(end) & waits.awaitEmpty(end);
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
    Route route = routes.get(method);
    if (route == null) {
      route = routes.computeIfAbsent(method, this::route);
    }
    return route.direct ? direct(route, args) : guarded(route, args);
  }

  private @Nullable Object guarded(Route route, @Nullable Object @Nullable [] args)
      throws Throwable {
    Bulkhead bulkhead = route.unbounded ? waits : calls;
    MethodCall call = new MethodCall(route, args, bulkhead, loader);
    if (!bulkhead.enter(call)) {
      refused.increment();
      throw new UnavailableException(
          bulkhead.isClosed()
              ? "plugin " + uri + " is closed"
              : "plugin " + uri + " has " + bulkhead.limit() + " calls in flight");
    }
    started.increment();
    call.start(route.threads);
    return switch (call.await(route.nanos)) {
      case DONE -> {
        if (!route.unbounded) {
          nanos.add(call.nanos());
        }
        Throwable failure = call.failure();
        if (failure != null) {
          throw translated(route, failure);
        }
        yield call.result();
      }
      case TIMED_OUT -> {
        deadlineHits.increment();
        log.warn("{} did not return in {} s", route.label, route.nanos / 1_000_000_000L);
        throw new DeadlineExceededException(
            route.label + " did not return in " + route.nanos / 1_000_000_000L + " s");
      }
      case INTERRUPTED -> {
        log.warn("{} does not obey an interrupt", route.label);
        throw interrupted(route, null);
      }
    };
  }

  private @Nullable Object direct(Route route, @Nullable Object @Nullable [] args)
      throws Throwable {
    started.increment();
    try {
      return route.handle.invokeExact(args);
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
    if (failure instanceof OutOfMemoryError) {
      return failure;
    }
    log.warn("{} failed", route.label, failure);
    return failure instanceof RuntimeException || declares(route.method, failure)
        ? failure
        : new IllegalStateException(route.label + ": " + failure, failure);
  }

  private static Throwable interrupted(Route route, @Nullable Throwable cause) {
    if (declares(route.method, new InterruptedException())) {
      Thread.interrupted();
      return cause == null ? new InterruptedException(route.label + ": interrupted") : cause;
    }
    String message = route.label + ": interrupted";
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

  private Route route(Method method) {
    Object plugin = instance;
    if (plugin == null) {
      throw new IllegalStateException("plugin " + uri + " is called before it is created");
    }
    MethodHandle handle;
    try {
      handle =
          MethodHandles.publicLookup()
              .unreflect(method)
              .bindTo(plugin)
              .asSpreader(Object[].class, method.getParameterCount())
              .asType(ERASED);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("contract of " + uri + " is not public: " + e, e);
    }
    String label = "plugin " + uri + ": " + method.getName();
    int seconds = seconds(method);
    boolean unbounded = seconds == Deadline.UNBOUNDED;
    if (!unbounded && deadlineSeconds > 0) {
      seconds = deadlineSeconds;
    }
    return new Route(
        method,
        label,
        handle,
        method.isAnnotationPresent(Direct.class),
        unbounded,
        seconds * 1_000_000_000L,
        Thread.ofVirtual().name(label).inheritInheritableThreadLocals(false).factory());
  }

  /** The method's deadline, else that of the interface that declares it, else of the contract. */
  private int seconds(Method method) {
    Deadline deadline = method.getAnnotation(Deadline.class);
    if (deadline == null) {
      deadline = method.getDeclaringClass().getAnnotation(Deadline.class);
    }
    if (deadline == null) {
      deadline = contract.getAnnotation(Deadline.class);
    }
    return deadline == null ? Deadline.DEFAULT_SECONDS : deadline.value();
  }

  /** One guarded call of a method. */
  private static final class MethodCall extends PluginCall {
    private final Route route;
    private final @Nullable Object @Nullable [] args;
    private final Bulkhead bulkhead;
    private final Caller caller = Caller.current();

    MethodCall(
        Route route,
        @Nullable Object @Nullable [] args,
        Bulkhead bulkhead,
        @Nullable ClassLoader loader) {
      super(loader);
      this.route = route;
      this.args = args;
      this.bulkhead = bulkhead;
    }

    @Override
    @Nullable Object work() throws Throwable {
      return caller == Caller.NOBODY
          ? invoke()
          : caller.<@Nullable Object, Throwable>call(this::invoke);
    }

    private @Nullable Object invoke() throws Throwable {
      return route.handle.invokeExact(args);
    }

    @Override
    void ended() {
      bulkhead.leave(this);
    }
  }
}
