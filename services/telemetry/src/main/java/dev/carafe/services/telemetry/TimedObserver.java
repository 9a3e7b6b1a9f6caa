package dev.carafe.services.telemetry;

import dev.carafe.engine.observe.Observer;
import java.util.concurrent.Callable;

/** Times what flows do. */
record TimedObserver(Meters meters) implements Observer {
  @Override
  public Span begin(String operation, String subject) {
    long began = System.nanoTime();
    return new Span() {
      private boolean failed;

      @Override
      public void failed(Throwable why) {
        failed = true;
      }

      @Override
      public void close() {
        meters.flow(operation, !failed, System.nanoTime() - began);
      }
    };
  }

  @Override
  public <T> Callable<T> carried(Callable<T> work) {
    return work;
  }
}
