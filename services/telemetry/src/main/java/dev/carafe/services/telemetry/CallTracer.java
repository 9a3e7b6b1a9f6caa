package dev.carafe.services.telemetry;

import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.context.propagation.TextMapPropagator;
import org.jspecify.annotations.Nullable;

/**
 * A span for each API call, below the client's where it sent one (W3C Trace Context). It travels in
 * gRPC's own context, which services carry to their threads.
 */
record CallTracer(Tracer tracer, TextMapPropagator propagator) implements ServerInterceptor {
  private static final io.grpc.Context.Key<Context> KEY =
      io.grpc.Context.keyWithDefault("opentelemetry", Context.root());

  /** What this thread is at: a flow's span, else its call's, else nothing. */
  static Context current() {
    Context here = Context.current();
    return Traces.hasSpan(here) ? here : KEY.get();
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    Context parent = propagator.extract(Context.root(), headers, HeaderGetter.INSTANCE);
    Span span =
        tracer
            .spanBuilder(call.getMethodDescriptor().getFullMethodName())
            .setParent(parent)
            .setSpanKind(SpanKind.SERVER)
            .setAttribute("rpc.system", "grpc")
            .setAttribute(
                "rpc.service", String.valueOf(call.getMethodDescriptor().getServiceName()))
            .setAttribute(
                "rpc.method", String.valueOf(call.getMethodDescriptor().getBareMethodName()))
            .startSpan();
    ServerCall<Q, R> traced =
        new SimpleForwardingServerCall<>(call) {
          @Override
          public void close(Status status, Metadata trailers) {
            span.setAttribute("rpc.grpc.status_code", status.getCode().value());
            if (!status.isOk()) {
              span.setStatus(StatusCode.ERROR, String.valueOf(status.getDescription()));
            }
            super.close(status, trailers);
            span.end();
          }
        };
    io.grpc.Context context = io.grpc.Context.current().withValue(KEY, parent.with(span));
    context.addListener(cancelled -> span.end(), Runnable::run);
    return Contexts.interceptCall(context, traced, headers, next);
  }

  private enum HeaderGetter implements TextMapGetter<Metadata> {
    INSTANCE;

    @Override
    public Iterable<String> keys(Metadata headers) {
      return headers.keys();
    }

    @Override
    public @Nullable String get(@Nullable Metadata headers, String name) {
      return headers == null
          ? null
          : headers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
    }
  }
}
