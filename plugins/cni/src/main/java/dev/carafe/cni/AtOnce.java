package dev.carafe.cni;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Does the same to several things at once and waits for the end of all, whatever happens. */
final class AtOnce<T> {
  private final Thread thread;
  private @Nullable T result;
  private @Nullable Throwable failure;

  private AtOnce(T input, UnaryOperator<T> work) {
    this.thread =
        Thread.ofVirtual()
            .start(() -> {
              try {
                result = work.apply(input);
              } catch (Throwable t) {
                failure = t;
              }
            });
  }

  /** Results in the order of the inputs, or the first failure. An interrupt is passed on to all. */
  static <T> List<T> map(List<T> inputs, UnaryOperator<T> work) {
    List<AtOnce<T>> all = inputs.stream().map(input -> new AtOnce<>(input, work)).toList();
    boolean interrupted = false;
    for (AtOnce<T> one : all) {
      while (true) {
        try {
          one.thread.join();
          break;
        } catch (InterruptedException e) {
          interrupted = true;
          all.forEach(each -> each.thread.interrupt());
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    List<T> results = new ArrayList<>();
    for (AtOnce<T> one : all) {
      results.add(one.resultOrFailure());
    }
    return results;
  }

  private T resultOrFailure() {
    if (failure instanceof RuntimeException exception) {
      throw exception;
    }
    if (failure instanceof Error error) {
      throw error;
    }
    if (result == null) {
      throw new IllegalStateException(failure);
    }
    return result;
  }
}
