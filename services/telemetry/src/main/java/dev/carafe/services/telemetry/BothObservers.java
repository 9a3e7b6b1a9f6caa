package dev.carafe.services.telemetry;

import dev.carafe.engine.observe.Observer;
import java.util.concurrent.Callable;

/** Two that listen. */
record BothObservers(Observer first, Observer second) implements Observer {
  @Override
  public Span begin(String operation, String subject) {
    Span one = first.begin(operation, subject);
    Span other = second.begin(operation, subject);
    return new Span() {
      @Override
      public void progress(String piece, String stage, long done, long total) {
        one.progress(piece, stage, done, total);
        other.progress(piece, stage, done, total);
      }

      @Override
      public void failed(Throwable why) {
        one.failed(why);
        other.failed(why);
      }

      @Override
      public void close() {
        other.close();
        one.close();
      }
    };
  }

  @Override
  public <T> Callable<T> carried(Callable<T> work) {
    return first.carried(second.carried(work));
  }
}
