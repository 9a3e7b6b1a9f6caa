package dev.carafe.host;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/** A plugin's code run once with a deadline: loading, creation, closing. */
final class BoundedCall<T> extends PluginCall {
  private final String label;
  private final Callable<T> code;

  /**
   * @param label what it is, for messages: {@code plugin X: create}
   */
  BoundedCall(String label, @Nullable ClassLoader loader, Callable<T> code) {
    super(loader);
    this.label = label;
    this.code = code;
  }

  BoundedCall<T> start() {
    ThreadFactory threads =
        Thread.ofVirtual().name(label).inheritInheritableThreadLocals(false).factory();
    start(threads);
    return this;
  }

  @Override
  @Nullable Object work() throws Exception {
    return code.call();
  }

  /**
   * The result, on the thread that started the call.
   *
   * @throws StepFailedException if the code threw, or did not return in time
   */
  @SuppressWarnings("unchecked")
  T get(Duration atMost) throws StepFailedException {
    switch (await(atMost.toNanos())) {
      case DONE -> {
        Throwable failure = failure();
        if (failure instanceof OutOfMemoryError error) {
          throw error;
        }
        if (failure != null) {
          throw new StepFailedException(Failures.describe(failure), failure);
        }
        return (T) Objects.requireNonNull(result(), label);
      }
      case TIMED_OUT ->
          throw new StepFailedException(
              label + " did not return in " + atMost.toSeconds() + " s", null);
      case INTERRUPTED -> throw new StepFailedException(label + ": interrupted", null);
    }
    throw new IllegalStateException();
  }

  /** A step of a plugin's life did not succeed; the message says why. */
  static final class StepFailedException extends Exception {
    private static final long serialVersionUID = 1L;

    StepFailedException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }

    /** The message; never null. */
    @Override
    public String getMessage() {
      return String.valueOf(super.getMessage());
    }
  }
}
