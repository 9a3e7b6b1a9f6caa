package dev.carafe.host;

import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.plugins.Deadline;
import dev.carafe.spi.plugins.Direct;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/** The object behind a guard, with the places for its calls and the ways to its methods. */
final class GuardTarget {
  private static final MethodType ERASED = MethodType.methodType(Object.class, Object[].class);

  /** How a method is called. */
  record Route(
      Method method,
      String label,
      MethodHandle handle,
      boolean direct,
      boolean unbounded,
      long nanos,
      ThreadFactory threads) {}

  private final String uri;
  private final Class<?> contract;
  private final @Nullable Object instance;
  private final GuardedPlugin.Limits limits;
  private final @Nullable ClassLoader loader;
  private final Bulkhead calls;
  private final Bulkhead waits;
  private final ConcurrentMap<Method, Route> routes = new ConcurrentHashMap<>();

  GuardTarget(
      String uri,
      Class<?> contract,
      @Nullable Object instance,
      GuardedPlugin.Limits limits,
      @Nullable ClassLoader loader) {
    this.uri = uri;
    this.contract = contract;
    this.instance = instance;
    this.limits = limits;
    this.loader = loader;
    this.calls = new Bulkhead(limits.maxCalls());
    this.waits = new Bulkhead(limits.maxWaits());
  }

  GuardedPlugin.Limits limits() {
    return limits;
  }

  /** The context class loader of its calls. */
  @Nullable ClassLoader loader() {
    return loader;
  }

  Bulkhead bulkhead(Route route) {
    return route.unbounded() ? waits : calls;
  }

  int inFlight() {
    return calls.inFlight() + waits.inFlight();
  }

  /** Those that somebody waits for a bounded time for. */
  int callsInFlight() {
    return calls.inFlight();
  }

  void interruptWaits() {
    waits.interruptAll();
  }

  void close() {
    calls.close();
    waits.close();
  }

  void reopen() {
    calls.reopen();
    waits.reopen();
  }

  boolean awaitEmpty(long deadlineNanos) {
    return calls.awaitEmpty(deadlineNanos) & waits.awaitEmpty(deadlineNanos);
  }

  /** As {@link GuardedPlugin#drain}. */
  boolean drain(Duration atMost, long patienceNanos) {
    long start = System.nanoTime();
    close();
    waits.interruptAll();
    boolean empty = calls.awaitEmpty(start + Math.min(atMost.toNanos() / 2, patienceNanos));
    if (!empty) {
      calls.interruptAll();
    }
    waits.interruptAll();
    return awaitEmpty(start + atMost.toNanos());
  }

  Route route(Method method) {
    Route route = routes.get(method);
    return route != null ? route : routes.computeIfAbsent(method, this::find);
  }

  private Route find(Method method) {
    if (instance == null) {
      throw new UnavailableException("plugin " + uri + " is not running");
    }
    MethodHandle handle;
    try {
      handle =
          MethodHandles.publicLookup()
              .unreflect(method)
              .bindTo(instance)
              .asSpreader(Object[].class, method.getParameterCount())
              .asType(ERASED);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("contract of " + uri + " is not public: " + e, e);
    }
    String label = "plugin " + uri + ": " + method.getName();
    int seconds = seconds(method);
    boolean unbounded = seconds == Deadline.UNBOUNDED;
    if (!unbounded && limits.deadlineSeconds() > 0) {
      seconds = limits.deadlineSeconds();
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
}
