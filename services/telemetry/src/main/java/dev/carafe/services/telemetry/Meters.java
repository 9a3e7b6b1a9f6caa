package dev.carafe.services.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What Micrometer counts. Names are containerd's where it has the figure: API calls as in
 * go-grpc-prometheus, garbage collections, build information.
 */
final class Meters implements AutoCloseable {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Sources sources;
  private final boolean histograms;

  Meters(Sources sources, boolean histograms) {
    this.sources = sources;
    this.histograms = histograms;
    new JvmMemoryMetrics().bindTo(registry);
  }

  /** An API call as {@code grpc_server_*} counts it. */
  record Call(String type, String service, String method) {
    private Tags tags() {
      return Tags.of("grpc_type", type, "grpc_service", service, "grpc_method", method);
    }
  }

  void started(Call call) {
    counter("grpc.server.started", "RPCs started on the server", call.tags());
  }

  void received(Call call) {
    counter("grpc.server.msg.received", "messages received on the server", call.tags());
  }

  void sent(Call call) {
    counter("grpc.server.msg.sent", "messages sent by the server", call.tags());
  }

  void handled(Call call, String code, long nanos) {
    counter(
        "grpc.server.handled",
        "RPCs completed on the server, whatever the outcome",
        call.tags().and("grpc_code", code));
    if (histograms) {
      Timer.builder("grpc.server.handling")
          .description("how long RPCs took on the server")
          .publishPercentileHistogram()
          .tags(call.tags())
          .register(registry)
          .record(nanos, TimeUnit.NANOSECONDS);
    }
  }

  void flow(String operation, boolean well, long nanos) {
    String outcome = well ? "success" : "fail";
    if (operation.equals("gc")) {
      counter("containerd.gc.collections", "garbage collections", Tags.of("status", outcome));
      timer("containerd.gc.gc", "how long garbage collections took", Tags.empty(), nanos);
    } else {
      timer(
          "carafe." + operation,
          "how long it took: " + operation,
          Tags.of("outcome", outcome),
          nanos);
    }
  }

  private void counter(String name, String description, Tags tags) {
    Counter.builder(name).description(description).tags(tags).register(registry).increment();
  }

  private void timer(String name, String description, Tags tags, long nanos) {
    Timer.builder(name)
        .description(description)
        .tags(tags)
        .register(registry)
        .record(nanos, TimeUnit.NANOSECONDS);
  }

  /** Everything in Prometheus's text format. */
  String scrape() {
    StringBuilder text = new StringBuilder(registry.scrape());
    TextFormat format = new TextFormat(text);
    format.family("containerd_build_info_total", "the API that is spoken", "counter");
    format.sample(1, "version", sources.version(), "revision", "");
    List<PluginCalls> calls = sources.plugins().get();
    format.family("carafe_plugin_calls_total", "calls on plugins", "counter");
    calls.forEach(one -> format.sample(one.calls(), "plugin", one.plugin()));
    format.family(
        "carafe_plugin_call_seconds_total", "what bounded calls on plugins took", "counter");
    calls.forEach(one -> format.sample(one.seconds(), "plugin", one.plugin()));
    format.family("carafe_plugin_failures_total", "calls that broke", "counter");
    calls.forEach(one -> format.sample(one.failures(), "plugin", one.plugin()));
    format.family("carafe_plugin_deadlines_total", "calls that were not back in time", "counter");
    calls.forEach(one -> format.sample(one.deadlineHits(), "plugin", one.plugin()));
    format.family("carafe_plugin_refused_total", "calls turned away at the limit", "counter");
    calls.forEach(one -> format.sample(one.refused(), "plugin", one.plugin()));
    format.family("carafe_plugin_calls_in_flight", "calls in plugins now", "gauge");
    calls.forEach(one -> format.sample(one.inFlight(), "plugin", one.plugin()));
    return text.toString();
  }

  @Override
  public void close() {
    registry.close();
  }
}
