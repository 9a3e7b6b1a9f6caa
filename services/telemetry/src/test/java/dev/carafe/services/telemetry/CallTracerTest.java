package dev.carafe.services.telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.carafe.engine.observe.Observer;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.junit.jupiter.api.Test;

class CallTracerTest {
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String CLIENT = "b7ad6b7169203331";

  private final Kept kept = new Kept();
  private final SdkTracerProvider provider =
      SdkTracerProvider.builder().addSpanProcessor(SimpleSpanProcessor.create(kept)).build();

  private static final class Kept implements SpanExporter {
    final List<SpanData> spans = new ArrayList<>();

    @Override
    public CompletableResultCode export(Collection<SpanData> ended) {
      spans.addAll(ended);
      return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode flush() {
      return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
      return CompletableResultCode.ofSuccess();
    }
  }

  private enum Text implements MethodDescriptor.Marshaller<String> {
    INSTANCE;

    @Override
    public InputStream stream(String value) {
      return new ByteArrayInputStream(value.getBytes());
    }

    @Override
    public String parse(InputStream stream) {
      return "";
    }
  }

  /** A call that goes nowhere. */
  private static final class Call extends ServerCall<String, String> {
    @Override
    public void request(int count) {}

    @Override
    public void sendHeaders(Metadata headers) {}

    @Override
    public void sendMessage(String message) {}

    @Override
    public void close(Status status, Metadata trailers) {}

    @Override
    public boolean isCancelled() {
      return false;
    }

    @Override
    public MethodDescriptor<String, String> getMethodDescriptor() {
      return MethodDescriptor.<String, String>newBuilder()
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName("containerd.services.transfer.v1.Transfer/Transfer")
          .setRequestMarshaller(Text.INSTANCE)
          .setResponseMarshaller(Text.INSTANCE)
          .build();
    }
  }

  @Test
  void flowsAreBelowTheCallAndTheCallBelowTheClient() {
    CallTracer tracer =
        new CallTracer(provider.get("test"), W3CTraceContextPropagator.getInstance());
    Observer observer = Traces.observer(provider.get("test"));
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER),
        "00-" + TRACE + "-" + CLIENT + "-01");

    ServerCall.Listener<String> listener =
        tracer.interceptCall(
            new Call(),
            headers,
            (call, ignored) ->
                new ServerCall.Listener<>() {
                  @Override
                  public void onHalfClose() {
                    try (Observer.Span span = observer.begin("pull", "image")) {
                      span.failed(new IllegalStateException("no"));
                    }
                    call.close(Status.NOT_FOUND.withDescription("gone"), new Metadata());
                  }
                });
    listener.onHalfClose();

    SpanData flow = kept.spans.get(0);
    SpanData call = kept.spans.get(1);
    assertEquals("pull", flow.getName());
    assertEquals(StatusCode.ERROR, flow.getStatus().getStatusCode());
    assertEquals(call.getSpanId(), flow.getParentSpanId());
    assertEquals("containerd.services.transfer.v1.Transfer/Transfer", call.getName());
    assertEquals("gone", call.getStatus().getDescription());
    assertEquals(CLIENT, call.getParentSpanId());
    assertEquals(TRACE, flow.getTraceId());
  }
}
