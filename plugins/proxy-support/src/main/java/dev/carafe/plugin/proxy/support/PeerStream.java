package dev.carafe.plugin.proxy.support;

import dev.carafe.spi.errors.DaemonException;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A stream of answers, and of questions if it is one in both directions. For one thread at a time.
 * After a failure it is over, but for an interrupt; closing one that is not over cancels it.
 */
public final class PeerStream<Q, R> implements AutoCloseable {
  private final BlockingClientCall<Q, R> call;
  private final PeerFailures failures;
  private final Function<StatusException, DaemonException> failed;
  private boolean over;

  PeerStream(
      BlockingClientCall<Q, R> call,
      PeerFailures failures,
      Function<StatusException, DaemonException> failed) {
    this.call = call;
    this.failures = failures;
    this.failed = failed;
  }

  /** The next answer, or null at the end. */
  public @Nullable R next(Duration atMost) {
    R next = guarded(() -> call.read(atMost.toMillis(), TimeUnit.MILLISECONDS));
    if (next == null) {
      over = true;
    }
    return next;
  }

  /** Sends one question and waits for its answer. */
  public R ask(Q question, Duration atMost) {
    // A stream that was ended takes no question, and says why when it is read.
    guarded(() -> call.write(question, atMost.toMillis(), TimeUnit.MILLISECONDS));
    R answer = next(atMost);
    if (answer == null) {
      throw failures.gone("ended the stream without an answer");
    }
    return answer;
  }

  /**
   * Says that no question follows, and waits for the other side to end too; answers that come
   * before that are not looked at. If there is no end in time the stream is cancelled.
   */
  public void end(Duration atMost) {
    if (over) {
      return;
    }
    call.halfClose();
    long deadline = System.nanoTime() + atMost.toNanos();
    while (!over) {
      next(Duration.ofNanos(Math.max(1_000_000, deadline - System.nanoTime())));
    }
  }

  /** Idempotent. */
  @Override
  public void close() {
    if (!over) {
      over = true;
      call.cancel("no longer wanted", null);
    }
  }

  private interface Step<T> {
    T run() throws InterruptedException, TimeoutException, StatusException;
  }

  private <T extends @Nullable Object> T guarded(Step<T> step) {
    try {
      return step.run();
    } catch (StatusException e) {
      over = true;
      throw failed.apply(e);
    } catch (TimeoutException e) {
      close();
      throw failures.late(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failures.interrupted(e);
    }
  }
}
