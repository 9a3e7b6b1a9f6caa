package dev.carafe.services.telemetry;

import dev.carafe.engine.observe.Observer;
import io.grpc.ServerInterceptor;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdkBuilder;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/** Spans for OpenTelemetry, set up by {@code OTEL_*} as its specification says. */
final class Traces implements AutoCloseable {
  private static final int CLOSE_SECONDS = 3;

  private final OpenTelemetrySdk sdk;
  private final Tracer tracer;

  private Traces(OpenTelemetrySdk sdk) {
    this.sdk = sdk;
    this.tracer = sdk.getTracer("carafe");
  }

  static Traces fromEnvironment() {
    return new Traces(configured(AutoConfiguredOpenTelemetrySdk.builder()));
  }

  /** With settings that stand for the environment's; for tests. */
  static Traces of(Map<String, String> properties) {
    return new Traces(
        configured(
            AutoConfiguredOpenTelemetrySdk.builder()
                .addPropertiesCustomizer(ignored -> properties)));
  }

  private static OpenTelemetrySdk configured(AutoConfiguredOpenTelemetrySdkBuilder builder) {
    Map<String, String> defaults = new HashMap<>();
    defaults.put("otel.service.name", "carafe");
    defaults.put("otel.metrics.exporter", "none");
    defaults.put("otel.logs.exporter", "none");
    defaults.put("otel.exporter.otlp.protocol", "http/protobuf");
    return builder
        .addPropertiesSupplier(() -> defaults)
        .disableShutdownHook()
        .build()
        .getOpenTelemetrySdk();
  }

  ServerInterceptor interceptor() {
    return new CallTracer(tracer, sdk.getPropagators().getTextMapPropagator());
  }

  Observer observer() {
    return observer(tracer);
  }

  static Observer observer(Tracer tracer) {
    return new Flows(tracer);
  }

  /** Sends what is left, but does not wait for long. */
  @Override
  public void close() {
    sdk.shutdown().join(CLOSE_SECONDS, TimeUnit.SECONDS);
  }

  /** Ends a span badly. */
  static void fail(Span span, Throwable why) {
    span.setStatus(StatusCode.ERROR, String.valueOf(why.getMessage()));
    span.setAttribute("error.type", why.getClass().getName());
  }

  /** Spans of flows, below that of the call on whose thread they begin. */
  private record Flows(Tracer tracer) implements Observer {
    /** The scope is closed with the span. */
    @SuppressWarnings("MustBeClosedChecker")
    @Override
    public Span begin(String operation, String subject) {
      io.opentelemetry.api.trace.Span span =
          tracer
              .spanBuilder(operation)
              .setParent(CallTracer.current())
              .setAttribute("carafe.subject", subject)
              .startSpan();
      Scope scope = CallTracer.current().with(span).makeCurrent();
      return new Span() {
        @Override
        public void failed(Throwable why) {
          fail(span, why);
        }

        @Override
        public void close() {
          scope.close();
          span.end();
        }
      };
    }

    @Override
    public <T> Callable<T> carried(Callable<T> work) {
      return CallTracer.current().wrap(work);
    }
  }

  /** Whether a context has a span. */
  static boolean hasSpan(Context context) {
    return Span.fromContextOrNull(context) != null;
  }
}
