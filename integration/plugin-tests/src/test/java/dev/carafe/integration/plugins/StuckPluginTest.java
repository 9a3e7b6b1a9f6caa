package dev.carafe.integration.plugins;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.host.PluginHost;
import dev.carafe.host.PluginStatus;
import dev.carafe.host.PluginStatus.State;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.events.EventBus;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StuckPluginTest extends PluginTestCase {
  /** Lets go when the test ends, not when it is interrupted. */
  private static final String STUCK =
      "while (System.getProperty(\"carafe.test.release\") == null) {";

  private static final String SPIN = STUCK + " Thread.onSpinWait(); }";
  private static final String HANG =
      STUCK
          + " java.util.concurrent.locks.LockSupport.parkNanos(1_000_000L); Thread.interrupted(); }";

  private static final String LIMITS =
      "[plugins.\"io.containerd.event.v1.stuck\"]\ndeadline_seconds = 1\nmax_calls = 3";

  @BeforeEach
  void hold() {
    System.clearProperty("carafe.test.release");
  }

  @AfterEach
  void release() {
    System.setProperty("carafe.test.release", "now");
  }

  @Test
  void aHangingCreateIsCutOffAndTheOthersStart() throws IOException {
    install("a.jar", BusSource.named("stuck").creating(HANG));
    install("b.jar", BusSource.named("sound"));

    try (PluginHost host = start()) {
      assertEquals(
          "plugin io.containerd.event.v1.stuck: create did not return in 2 s",
          status(host, "stuck").error());
      assertEquals(State.RUNNING, status(host, "sound").state());
    }
  }

  @Test
  void aFactoryThatHangsWhenItIsLoadedIsCutOff() throws IOException {
    BusSource source = BusSource.named("stuck");
    jar()
        .source(
            source.className(),
            source
                .code()
                .replace(
                    "  public record Config", "  static { " + HANG + " }\n  public record Config"))
        .build(plugins.resolve("a.jar"));

    try (PluginHost host = start()) {
      String error = String.valueOf(status(host, "a.jar").error());
      assertTrue(error.endsWith("loading vendor.StuckFactory did not return in 2 s"), error);
    }
  }

  @Test
  void aPluginThatHangsDoesNotBlockAnother() throws Exception {
    install("a.jar", BusSource.named("stuck").publishing(HANG));
    install("b.jar", BusSource.named("sound"));

    try (PluginHost host = start(LIMITS)) {
      assertOthersGoOn(host);
    }
  }

  @Test
  void aPluginThatSpinsDoesNotBlockAnother() throws Exception {
    install("a.jar", BusSource.named("stuck").publishing(SPIN));
    install("b.jar", BusSource.named("sound"));

    try (PluginHost host = start(LIMITS)) {
      assertOthersGoOn(host);
    }
  }

  private static void assertOthersGoOn(PluginHost host) throws Exception {
    EventBus stuck = bus(host, "stuck");
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> calls = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        calls.add(
            callers.submit(() -> {
              assertThrows(DeadlineExceededException.class, () -> stuck.publish(event()));
            }));
      }
      while (status(host, "stuck").calls().inFlight() < 3) {
        Thread.onSpinWait();
      }
      bus(host, "sound").publish(event());
      assertThrows(NotFoundException.class, () -> bus(host, "sound").subscribe(e -> true, 1));
      for (Future<?> call : calls) {
        call.get(30, TimeUnit.SECONDS);
      }
    }
    assertEquals(
        "plugin io.containerd.event.v1.stuck has 3 calls in flight",
        assertThrows(UnavailableException.class, () -> stuck.publish(event())).getMessage());
    bus(host, "sound").publish(event());
    PluginStatus status = status(host, "stuck");
    assertEquals(3, status.calls().deadlineHits());
    assertEquals(3, status.calls().inFlight());
    assertEquals(1, status.calls().refused());
    assertEquals(0, status(host, "sound").calls().deadlineHits());
  }

  @Test
  void closingTheHostDoesNotWaitForAStuckPlugin() throws Exception {
    install("a.jar", BusSource.named("stuck").publishing(HANG));
    PluginHost host = start(LIMITS);
    assertThrows(DeadlineExceededException.class, () -> bus(host, "stuck").publish(event()));

    host.close();

    assertEquals(State.CLOSED, status(host, "stuck").state());
  }
}
