package dev.carafe.services.telemetry;

import dev.carafe.engine.observe.Observations;
import dev.carafe.engine.observe.Observer;
import io.grpc.ServerInterceptor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Switches metrics and traces on. Where neither is wanted, this class and nothing else of the
 * module or its libraries is loaded.
 */
public final class Telemetry implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Telemetry.class);

  private final List<ServerInterceptor> interceptors = new ArrayList<>();
  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  private Telemetry() {}

  /**
   * Starts what is wanted.
   *
   * @param address where metrics are served; empty for nowhere
   * @param histograms whether durations of API calls are told as histograms
   * @param environment for {@code OTEL_*}
   */
  public static Telemetry start(
      String address, boolean histograms, Map<String, String> environment, Sources sources) {
    return start(address, histograms, environment, sources, List.of());
  }

  /**
   * As {@link #start(String, boolean, Map, Sources)}.
   *
   * @param others who else listens to flows
   */
  public static Telemetry start(
      String address,
      boolean histograms,
      Map<String, String> environment,
      Sources sources,
      List<Observer> others) {
    Telemetry telemetry = new Telemetry();
    try {
      List<Observer> observers = new ArrayList<>(others);
      if (!address.isEmpty()) {
        observers.add(On.metrics(telemetry, address, histograms, sources));
      }
      if (wantsTraces(environment)) {
        traces(telemetry, observers);
      }
      if (!observers.isEmpty()) {
        Observations.install(observers.size() == 1 ? observers.getFirst() : On.all(observers));
        telemetry.open.push(() -> Observations.install(Observer.NONE));
      }
      return telemetry;
    } catch (RuntimeException | Error e) {
      telemetry.close();
      throw e;
    }
  }

  /** What the environment says about traces is no reason not to run containers. */
  private static void traces(Telemetry telemetry, List<Observer> observers) {
    try {
      observers.add(On.traces(telemetry));
    } catch (RuntimeException e) {
      LOG.error("traces are off: {}", e.toString());
    }
  }

  /** Traces are on where an endpoint is named for them, as in containerd. */
  static boolean wantsTraces(Map<String, String> environment) {
    return !environment.getOrDefault("OTEL_SDK_DISABLED", "").equalsIgnoreCase("true")
        && !environment.getOrDefault("OTEL_TRACES_EXPORTER", "").equals("none")
        && (environment.containsKey("OTEL_EXPORTER_OTLP_ENDPOINT")
            || environment.containsKey("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"));
  }

  /** What has to see every API call. */
  public List<ServerInterceptor> interceptors() {
    return List.copyOf(interceptors);
  }

  /** Idempotent. */
  @Override
  public void close() {
    for (AutoCloseable one = open.poll(); one != null; one = open.poll()) {
      try {
        one.close();
      } catch (Exception e) {
        LOG.warn("telemetry: {}", e.toString());
      }
    }
  }

  /** Apart, so that the classes that it names are not looked for where nothing is wanted. */
  private static final class On {
    static Observer metrics(
        Telemetry telemetry, String address, boolean histograms, Sources sources) {
      Meters meters = new Meters(sources, histograms);
      telemetry.open.push(meters);
      ContainerMetrics containers = new ContainerMetrics(sources);
      telemetry.open.push(
          MetricsEndpoint.open(address, () -> meters.scrape() + containers.scrape()));
      telemetry.interceptors.add(new CallMeter(meters));
      LOG.info("metrics on {}", address);
      return new TimedObserver(meters);
    }

    static Observer traces(Telemetry telemetry) {
      Traces traces = Traces.fromEnvironment();
      telemetry.open.push(traces);
      telemetry.interceptors.add(traces.interceptor());
      LOG.info("traces are exported");
      return traces.observer();
    }

    static Observer all(List<Observer> observers) {
      return observers.stream().reduce(BothObservers::new).orElse(Observer.NONE);
    }
  }
}
