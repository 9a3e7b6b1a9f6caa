package dev.carafe.engine.observe;

import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The one listener of this process. It is no plugin and no constructor argument because it changes
 * nothing: whatever is said here, the flows go on as they would.
 */
public final class Observations {
  private static volatile Observer observer = Observer.NONE;

  private Observations() {}

  /** Replaces the listener; {@link Observer#NONE} for nobody. */
  public static void install(Observer next) {
    observer = next;
  }

  /** Does something that the listener is told of. */
  public static <T> T of(String operation, String subject, Supplier<T> work) {
    return of(operation, subject, span -> work.get());
  }

  /** As {@link #of(String, String, Supplier)}, for work that says how far it is. */
  public static <T> T of(String operation, String subject, Function<Observer.Span, T> work) {
    Observer current = observer;
    if (current == Observer.NONE) {
      return work.apply(Observer.Span.NONE);
    }
    try (Observer.Span span = current.begin(operation, subject)) {
      try {
        return work.apply(span);
      } catch (RuntimeException | Error e) {
        span.failed(e);
        throw e;
      }
    }
  }

  /** As {@link #of}, for work that throws what it wants. */
  public static <T> T ofCallable(String operation, String subject, Callable<T> work)
      throws Exception {
    Observer current = observer;
    if (current == Observer.NONE) {
      return work.call();
    }
    try (Observer.Span span = current.begin(operation, subject)) {
      try {
        return work.call();
      } catch (Exception | Error e) {
        span.failed(e);
        throw e;
      }
    }
  }

  /** See {@link Observer#carried}. */
  public static <T> Callable<T> carried(Callable<T> work) {
    return observer.carried(work);
  }
}
