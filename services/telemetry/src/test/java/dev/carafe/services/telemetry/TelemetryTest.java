package dev.carafe.services.telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.carafe.engine.observe.Observations;
import dev.carafe.engine.observe.Observer;
import io.grpc.Status;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TelemetryTest {
  private static final Sources NOTHING =
      new Sources(
          "v2.3.0",
          () -> {
            throw new AssertionError("asked");
          },
          () -> {
            throw new AssertionError("asked");
          },
          () -> List.of(new PluginCalls("a.v1.x", 5, 1.5, 1, 0, 0, 2)));

  @AfterEach
  void quiet() {
    Observations.install(Observer.NONE);
  }

  @Test
  void whereNothingIsWantedNothingIsOn() {
    try (Telemetry telemetry = Telemetry.start("", false, Map.of(), NOTHING)) {
      assertEquals(List.of(), telemetry.interceptors());
    }
  }

  @Test
  void othersWhoListenHearFlowsAndHowFarTheyAreBesideTheMeters() {
    List<String> heard = new ArrayList<>();
    Observer other = listener(heard);
    try (Telemetry telemetry =
        Telemetry.start("127.0.0.1:0", false, Map.of(), NOTHING, List.of(other))) {
      assertEquals(1, telemetry.interceptors().size());
      Observations.of(
          "pull",
          "image",
          span -> {
            span.progress("layer", "downloading", 1, 2);
            return "done";
          });
    }
    Observations.of("pull", "later", () -> "done");
    assertEquals(List.of("pull image", "layer downloading 1 of 2", "closed"), heard);
  }

  private static Observer listener(List<String> heard) {
    return new Observer() {
      @Override
      public Span begin(String operation, String subject) {
        heard.add(operation + " " + subject);
        return new Span() {
          @Override
          public void progress(String piece, String stage, long done, long total) {
            heard.add(piece + " " + stage + " " + done + " of " + total);
          }

          @Override
          public void failed(Throwable why) {
            heard.add("failed");
          }

          @Override
          public void close() {
            heard.add("closed");
          }
        };
      }

      @Override
      public <T> Callable<T> carried(Callable<T> work) {
        return work;
      }
    };
  }

  @Test
  void tracesAreOnWhereAnEndpointIsNamed() {
    assertFalse(Telemetry.wantsTraces(Map.of()));
    assertFalse(Telemetry.wantsTraces(Map.of("OTEL_SERVICE_NAME", "x")));
    assertTrue(Telemetry.wantsTraces(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://x")));
    assertTrue(Telemetry.wantsTraces(Map.of("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://x")));
    assertFalse(
        Telemetry.wantsTraces(
            Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://x", "OTEL_SDK_DISABLED", "true")));
    assertFalse(
        Telemetry.wantsTraces(
            Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://x", "OTEL_TRACES_EXPORTER", "none")));
  }

  @Test
  void flowsAreTimedUnderTheirNames() {
    try (Meters meters = new Meters(NOTHING, true)) {
      Observations.install(new TimedObserver(meters));
      assertEquals("done", Observations.of("pull", "image", () -> "done"));
      assertThrows(
          IllegalStateException.class,
          () ->
              Observations.of(
                  "pull",
                  "image",
                  () -> {
                    throw new IllegalStateException();
                  }));
      Observations.of("gc", "", () -> "done");

      String page = meters.scrape();
      assertTrue(page.contains("carafe_pull_seconds_count{outcome=\"success\"} 1\n"), page);
      assertTrue(page.contains("carafe_pull_seconds_count{outcome=\"fail\"} 1\n"), page);
      assertTrue(page.contains("containerd_gc_collections_total{status=\"success\"} 1.0\n"), page);
      assertTrue(page.contains("containerd_gc_gc_seconds_count 1\n"), page);
      assertTrue(page.contains("carafe_plugin_calls_total{plugin=\"a.v1.x\"} 5\n"), page);
      assertTrue(page.contains("carafe_plugin_call_seconds_total{plugin=\"a.v1.x\"} 1.5\n"), page);
      assertTrue(
          page.contains("containerd_build_info_total{version=\"v2.3.0\",revision=\"\"} 1\n"));
    }
  }

  @Test
  void callsAreCountedAsGoDoes() {
    try (Meters meters = new Meters(NOTHING, true)) {
      Meters.Call call =
          new Meters.Call("unary", "containerd.services.version.v1.Version", "Version");
      meters.started(call);
      meters.handled(call, CallMeter.code(Status.NOT_FOUND), 1_000_000);

      String page = meters.scrape();
      assertTrue(
          page.contains(
              "grpc_server_handled_total{grpc_code=\"NotFound\",grpc_method=\"Version\","
                  + "grpc_service=\"containerd.services.version.v1.Version\",grpc_type=\"unary\"}"
                  + " 1.0\n"),
          page);
      assertTrue(page.contains("grpc_server_handling_seconds_bucket{"), page);
    }
    assertEquals("OK", CallMeter.code(Status.OK));
    assertEquals("Canceled", CallMeter.code(Status.CANCELLED));
    assertEquals("DeadlineExceeded", CallMeter.code(Status.DEADLINE_EXCEEDED));
  }

  @Test
  void flowsAreExportedAsSpans() throws Exception {
    LinkedBlockingQueue<String> bodies = new LinkedBlockingQueue<>();
    HttpServer collector =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    collector.createContext(
        "/v1/traces",
        exchange -> {
          bodies.add(
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.ISO_8859_1));
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    collector.start();
    try {
      try (Traces traces =
          Traces.of(
              Map.of(
                  "otel.exporter.otlp.endpoint",
                  "http://127.0.0.1:" + collector.getAddress().getPort()))) {
        Observations.install(traces.observer());
        Observations.of(
            "pull",
            "image-name",
            () -> {
              try {
                return Observations.carried(() -> Observations.of("unpack", "layer", () -> "x"))
                    .call();
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
      }
      String body = String.valueOf(bodies.poll(20, TimeUnit.SECONDS));
      assertTrue(body.contains("carafe"), body);
      assertTrue(body.contains("pull") && body.contains("image-name"), body);
      assertTrue(body.contains("unpack") && body.contains("layer"), body);
    } finally {
      collector.stop(0);
    }
  }
}
