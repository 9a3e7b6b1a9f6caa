package dev.carafe.engine.observe;

import java.util.concurrent.Callable;

/** Listens to flows. Called on their threads: must be cheap and must not throw. */
public interface Observer {
  /** Nobody listens. */
  Observer NONE =
      new Observer() {
        @Override
        public Span begin(String operation, String subject) {
          return Span.NONE;
        }

        @Override
        public <T> Callable<T> carried(Callable<T> work) {
          return work;
        }
      };

  /**
   * Something begins on this thread; it is part of what this thread is at already.
   *
   * @param operation what is done, of a small set of names such as {@code pull}
   * @param subject to what: an image, a digest, a container
   */
  Span begin(String operation, String subject);

  /** The same work, as part of what this thread is at now, wherever it is run. */
  <T> Callable<T> carried(Callable<T> work);

  /** Something under way; closed on the thread that began it. */
  interface Span extends AutoCloseable {
    Span NONE =
        new Span() {
          @Override
          public void failed(Throwable why) {}

          @Override
          public void close() {}
        };

    /**
     * How far a piece of it is; called from any thread.
     *
     * @param stage in the words of {@code Progress.Step}
     * @param total bytes, 0 if unknown
     */
    default void progress(String piece, String stage, long done, long total) {}

    /** It did not succeed; said before {@link #close}. */
    void failed(Throwable why);

    @Override
    void close();
  }
}
