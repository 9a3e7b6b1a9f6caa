package dev.carafe.services;

import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.Stores;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.plugins.Caller;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata.Key;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import java.util.function.Function;

/**
 * What surrounds each call: namespace and lease from the headers ({@code containerd-namespace},
 * {@code containerd-lease}), an interrupt when the client goes, and failures as status.
 */
public final class Calls {
  private static final Key<String> NAMESPACE_HEADER =
      Key.of("containerd-namespace", io.grpc.Metadata.ASCII_STRING_MARSHALLER);
  private static final Key<String> LEASE_HEADER =
      Key.of("containerd-lease", io.grpc.Metadata.ASCII_STRING_MARSHALLER);
  private static final Context.Key<String> NAMESPACE = Context.keyWithDefault("namespace", "");
  private static final Context.Key<String> LEASE = Context.keyWithDefault("lease", "");

  private Calls() {}

  /**
   * Puts the headers where {@link #namespace} and {@link #lease} find them. Of a repeated header
   * the first counts.
   */
  public static ServerInterceptor headers() {
    return interceptor(headers ->
        Context.current()
            .withValues(
                NAMESPACE, first(headers, NAMESPACE_HEADER), LEASE, first(headers, LEASE_HEADER)));
  }

  /** All calls belong to one namespace and lease, whatever their headers say. */
  public static ServerInterceptor fixed(String namespace, String lease) {
    return interceptor(_ -> Context.current().withValues(NAMESPACE, namespace, LEASE, lease));
  }

  private static ServerInterceptor interceptor(Function<io.grpc.Metadata, Context> context) {
    return new ServerInterceptor() {
      @Override
      public <Q, R> ServerCall.Listener<Q> interceptCall(
          ServerCall<Q, R> call, io.grpc.Metadata headers, ServerCallHandler<Q, R> next) {
        return Contexts.interceptCall(context.apply(headers), call, headers, next);
      }
    };
  }

  private static String first(io.grpc.Metadata headers, Key<String> key) {
    Iterable<String> values = headers.getAll(key);
    return values == null ? "" : values.iterator().next();
  }

  /**
   * The call's namespace.
   *
   * @throws FailedPreconditionException if the client named none
   */
  static Namespace namespace() {
    String name = NAMESPACE.get();
    if (name.isEmpty()) {
      throw new FailedPreconditionException("namespace is required");
    }
    return new Namespace(name);
  }

  /** The call's lease, or the empty string. */
  static String lease() {
    return LEASE.get();
  }

  /** Who calls; for plugins that pass calls on. */
  static Caller caller() {
    return new Caller(NAMESPACE.get(), LEASE.get());
  }

  /** The stores of the call's namespace, bound to its lease if it has one. */
  static Stores stores(Metadata metadata) {
    String lease = lease();
    return lease.isEmpty() ? metadata.stores(namespace()) : metadata.stores(namespace(), lease);
  }

  /**
   * Answers a unary call. The body runs on the call's own virtual thread and is interrupted when
   * the client goes.
   */
  public static <T> void unary(StreamObserver<T> observer, Callable<T> body) {
    T answer;
    try {
      answer = interruptible(body);
    } catch (Throwable e) {
      observer.onError(Failures.status(e).asRuntimeException());
      return;
    }
    observer.onNext(answer);
    observer.onCompleted();
  }

  private static <T> T interruptible(Callable<T> body) throws Exception {
    Thread worker = Thread.currentThread();
    Context context = Context.current();
    Context.CancellationListener listener = ignored -> worker.interrupt();
    context.addListener(listener, Runnable::run);
    try {
      return body.call();
    } finally {
      context.removeListener(listener);
      if (context.isCancelled()) {
        Thread.interrupted();
      }
    }
  }

  /** The body of a streaming answer. */
  public interface StreamBody<T> {
    void run(Sink<T> sink) throws Exception;
  }

  /** Where a streaming answer goes: {@link #send} waits while the client is slow. */
  public static final class Sink<T> {
    private final ServerCallStreamObserver<T> observer;
    private final Semaphore ready = new Semaphore(0);

    private Sink(StreamObserver<T> observer) {
      this.observer = (ServerCallStreamObserver<T>) observer;
      this.observer.setOnReadyHandler(ready::release);
    }

    public void send(T message) throws InterruptedException {
      while (!observer.isReady()) {
        if (observer.isCancelled()) {
          throw new CancelledException("context canceled");
        }
        ready.acquire();
        ready.drainPermits();
      }
      observer.onNext(message);
    }
  }

  /**
   * Answers a streaming call from a virtual thread of its own, so that the client's going is
   * noticed while it waits.
   */
  public static <T> void stream(StreamObserver<T> observer, StreamBody<T> body) {
    stream(new Sink<>(observer), body);
  }

  /**
   * The same, but {@link Sink#send} waits only when more than {@code ahead} bytes wait for the
   * client.
   */
  static <T> void stream(StreamObserver<T> observer, int ahead, StreamBody<T> body) {
    Sink<T> sink = new Sink<>(observer);
    sink.observer.setOnReadyThreshold(ahead);
    stream(sink, body);
  }

  private static <T> void stream(Sink<T> sink, StreamBody<T> body) {
    ServerCallStreamObserver<T> call = sink.observer;
    Context context = Context.current();
    Runnable work =
        () -> {
          try {
            interruptible(() -> {
              body.run(sink);
              return true;
            });
            call.onCompleted();
          } catch (Throwable e) {
            if (!call.isCancelled()) {
              call.onError(Failures.status(e).asRuntimeException());
            }
          }
        };
    Thread thread = Thread.ofVirtual().unstarted(context.wrap(work));
    call.setOnCancelHandler(thread::interrupt);
    thread.start();
  }
}
